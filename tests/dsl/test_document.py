"""From the text of a spec to its tree, and from a wrong one to all that is wrong in it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.document import read_spec, read_spec_text, resolve_use
from netwright.dsl.flow_tables import load_tables
from netwright.dsl.names import KEYWORDS
from netwright.dsl.tree import Attribute, Body, Call, Chain, Expr, Literal, Mapping, Name, Procedure, Sequence, Spec

HEAD = 'netwright: 1\ninputs: {x: "f32[N, 3]"}\n'


def sketch(expr: Expr | Body | None) -> object:
    """A tree as plain values: literals as they are, other text as written."""
    match expr:
        case Literal(value=value):
            return value
        case Sequence(items=items):
            return [sketch(item) for item in items]
        case Mapping(entries=entries):
            return {entry.name: sketch(entry.value) for entry in entries}
        case None:
            return None
        case _:
            return "".join(expr.span.text.split())


def faults(text: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        read_spec_text(text, "bad.yaml")
    return caught.value.diagnostics


def places(text: str) -> list[tuple[str, int, int]]:
    return [(fault.code, fault.span.line, fault.span.column) for fault in faults(text) if fault.span]


def stages(spec: Spec) -> tuple[Expr, ...]:
    assert spec.model
    assert isinstance(spec.model.result, Chain)
    return spec.model.result.stages


# ---------------------------------------------------------------- what a spec becomes


def test_every_section() -> None:
    spec = read_spec_text("""\
netwright: 1
name: ResNet-50
about: a net
source: He et al. 2015
params: {width: 64, depths: [3, "= 2 * width"], mode: same, off: no, hidden: = 4 * width}
presets: {big: {width: 128}}
use: {common: sub/common.yaml}
inputs:
  image: f32[N, 224, 224, 3]
blocks:
  x -> conv_bn(filters, strides=1): |
    y = x -> conv2d(filters, 3, strides)
    y -> relu
  half(n): n // 2
layers: {G: dense(3)}
model: image -> conv_bn(width) -> G
outputs: [a, b]
checks:
  - params == 3
train: {loss: mse}
""")
    assert (spec.name, spec.about, spec.reference) == ("ResNet-50", "a net", "He et al. 2015")
    assert {param.name: sketch(param.value) for param in spec.params} == {
        "width": 64,
        "depths": [3, "2*width"],
        "mode": "same",
        "off": "no",
        "hidden": "4*width",
    }
    assert [(preset.name, preset.values[0].name, sketch(preset.values[0].value)) for preset in spec.presets] == [
        ("big", "width", 128)
    ]
    assert [(use.alias, use.path, use.span.text) for use in spec.uses] == [
        ("common", "sub/common.yaml", "sub/common.yaml")
    ]
    assert [(tensor.name, tensor.type.dtype, len(tensor.type.dims)) for tensor in spec.inputs] == [("image", "f32", 4)]
    assert [(block.name, block.is_function, len(block.body.bindings)) for block in spec.blocks] == [
        ("conv_bn", False, 1),
        ("half", True, 0),
    ]
    assert [(layer.name, sketch(layer.value)) for layer in spec.layers] == [("G", "dense(3)")]
    assert sketch(spec.model) == "image->conv_bn(width)->G"
    assert [(output.name, output.span.column) for output in spec.outputs] == [("a", 11), ("b", 14)]
    assert [(check.text, check.span.line) for check in spec.checks] == [("params == 3", 19)]
    assert spec.train
    assert [(entry.name, sketch(entry.value)) for entry in spec.train.settings] == [("loss", "mse")]


def test_flow_in_a_block_scalar_knows_its_place() -> None:
    spec = read_spec_text("netwright: 1\nblocks:\n  x -> f(a): |\n\n    y = x -> dense(a)\n    y -> relu\n")
    [block] = spec.blocks
    result = block.body.result
    assert result
    assert (result.span.line, result.span.column, result.span.text) == (6, 5, "y -> relu")
    assert (block.span.line, block.span.column, block.operands[0].span.text) == (3, 3, "x")


def test_name_of_a_spec_without_name(tmp_path: Path) -> None:
    (tmp_path / "lenet5.yaml").write_text("netwright: 1\n")
    assert read_spec(tmp_path / "lenet5.yaml").name == "lenet5"
    assert read_spec_text("netwright: 1\n").name == "model"


def test_a_list_is_a_chain_from_the_input() -> None:
    spec = read_spec_text(HEAD + "model:\n  - dense(4) -> relu\n  - flatten:\n  - dropout: 0.5\n  - 'dense(3)'\n")
    first, dense, relu, flatten, dropout, last = stages(spec)
    assert isinstance(first, Name)
    assert (first.id, first.span.line) == ("x", 2)
    assert [sketch(stage) for stage in (dense, relu, last)] == ["dense(4)", "relu", "dense(3)"]
    assert isinstance(flatten, Call)
    assert flatten.arguments == ()
    assert isinstance(dropout, Call)
    assert [(argument.name, sketch(argument.value)) for argument in dropout.arguments] == [(None, 0.5)]


def test_a_list_starts_from_all_inputs() -> None:
    spec = read_spec_text('netwright: 1\ninputs: {x: "f32[N]", y: "f32[N]"}\nmodel: [add]\n')
    assert sketch(stages(spec)[0]) == ["x", "y"]


def test_a_block_may_be_a_list() -> None:
    spec = read_spec_text(
        "netwright: 1\nblocks:\n  (q, kv) -> f(n):\n    - common.attend: {heads: = n, mask: causal}\n"
    )
    chain = spec.blocks[0].body.result
    assert isinstance(chain, Chain)
    start, call = chain.stages
    assert sketch(start) == ["q", "kv"]
    assert isinstance(call, Call)
    assert isinstance(call.function, Attribute)
    assert (call.function.name, call.function.name_span.text) == ("attend", "attend")
    assert [(argument.name, sketch(argument.value)) for argument in call.arguments] == [
        ("heads", "n"),
        ("mask", "causal"),
    ]
    assert [argument.span.text for argument in call.arguments] == ["heads: = n", "mask: causal"]


def test_training() -> None:
    spec = read_spec_text("""\
netwright: 1
train:
  data: {npz: digits.npz, inputs: {image: x}, targets: {label: [a, b]}, split: {validation: 0.1}}
  loss: {age: mse, name: categorical_crossentropy}
  optimizer: adam(cosine_decay(1e-3, 10_000))
  metrics: accuracy
  batch_size: 128
  epochs: = 2 * n
  callbacks: [early_stopping(monitor="val_loss", patience=3), terminate_on_nan()]
  jit: false
""")
    assert spec.train
    assert {entry.name: sketch(entry.value) for entry in spec.train.settings} == {
        "data": {
            "npz": "digits.npz",
            "inputs": {"image": "x"},
            "targets": {"label": ["a", "b"]},
            "split": {"validation": 0.1},
        },
        "loss": {"age": "mse", "name": "categorical_crossentropy"},
        "optimizer": "adam(cosine_decay(1e-3,10_000))",
        "metrics": ["accuracy"],
        "batch_size": 128,
        "epochs": "2*n",
        "callbacks": ['early_stopping(monitor="val_loss",patience=3)', "terminate_on_nan()"],
        "jit": False,
    }
    callbacks = spec.train.get("callbacks")
    assert callbacks
    assert isinstance(callbacks.value, Sequence)
    assert isinstance(callbacks.value.items[0], Call)
    assert callbacks.value.items[0].arguments[1].span.text == "patience=3"


def test_training_in_steps() -> None:
    spec = read_spec_text("""\
netwright: 1
train:
  data: digits
  steps:
    critic:
      minimize: |
        real = (1, x -> D) -> mse
        real + 1
      update: D
      optimizer: adam(2e-4)
""")
    assert spec.train
    data, steps = spec.train.settings
    assert sketch(data.value) == "digits"
    assert isinstance(steps.value, Mapping)
    [critic] = steps.value.entries
    assert isinstance(critic.value, Mapping)
    minimize, update, _ = critic.value.entries
    assert isinstance(minimize.value, Procedure)
    assert [binding.targets[0].name for binding in minimize.value.body.bindings] == ["real"]
    assert sketch(update.value) == ["D"]


def test_plain_scalars_are_those_of_yaml_1_2() -> None:
    params = (
        "{a: no, b: ON, c: 1_000, d: 1e-3, e: 12:30:00, f: 2020-01-02, g: ~, h: True, i: 0x1F, j: .5, k: 1__0, l: '1'}"
    )
    spec = read_spec_text(f"netwright: 1\nparams: {params}\n")
    found = [sketch(param.value) for param in spec.params]
    assert found == ["no", "ON", 1000, 0.001, "12:30:00", "2020-01-02", None, True, 31, 0.5, "1__0", "1"]
    assert [type(value) for value in found[2:4]] == [int, float]


@pytest.mark.parametrize("number", ["010", "-007", "00", "1e999", "9" * 400])
def test_numbers_that_mean_different_things_to_different_readers(number: str) -> None:
    assert places(f"netwright: 1\nparams: {{a: {number}}}\n") == [("invalid-value", 2, 13)]


# ---------------------------------------------------------------- what can be wrong


def test_all_that_is_wrong_is_said_at_once() -> None:
    text = """\
netwright: 1
modle: x
params: {if: 3, a: [{}], b: "= (1"}
inputs:
  x: f32[N
  y: 3
blocks:
  x -> f(a:
    x
  x -> g(a): |
    x -> dense((a)
model:
  - dense(3
  - {dense: 3, relu: 4}
checks: [1 +, 2 == ]
outputs: [a, a]
train: {epoch: 3, jit: yes, loss: "mse("}
"""
    found = faults(text)
    assert [(fault.code, fault.span.line) for fault in found if fault.span] == [
        ("unknown-key", 2),
        ("invalid-name", 3),
        ("wrong-type", 3),
        ("flow-syntax", 3),
        ("flow-syntax", 5),
        ("wrong-type", 6),
        ("flow-syntax", 8),
        ("flow-syntax", 11),
        ("flow-syntax", 13),
        ("invalid-value", 14),
        ("flow-syntax", 15),
        ("flow-syntax", 15),
        ("duplicate-name", 16),
        ("unknown-key", 17),
        ("wrong-type", 17),
        ("flow-syntax", 17),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("netwright: 1\nmodle: x\n", "did you mean `model`?"),
        ("netwright: 1\ntrain: {epoch: 3}\n", "did you mean `epochs`?"),
        ("netwright: 1\ntrain: {jit: yes}\n", "`true` or `false`"),
        ("netwright: 1\nname: 2015\n", '"2015"'),
        ('netwright: 1\ntrain: {epochs: "3"}\n', "leave the quotes out"),
        ("netwright: 1\nchecks:\n", "leave the key out"),
        (HEAD + "model: [{f, g}]\n", "in quotes"),
        (HEAD + "model:\n  - x[: , 0]\n", "in quotes"),
        ("netwright: 1\nparams: {width: 3}\npresets: {big: {widht: 4}}\n", "did you mean `width`?"),
        ("", "netwright: 1"),
        ("- a\n", "netwright: 1"),
        ("netwright: 3\n", "netwright: 1"),
        ("netwright: 1\nparams: {f32: 3}\n", "`f32_`"),
    ],
)
def test_the_cure_is_named(text: str, words: str) -> None:
    [fault] = faults(text)
    assert words in (fault.help or "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{}\n", ("missing-key", 1, 1)),
        ("# only a comment\n", ("missing-key", 1, 1)),
        (HEAD + "params: {a-b: 3}\n", ("invalid-name", 3, 10)),
        (HEAD + "layers: {output: relu}\n", ("invalid-name", 3, 10)),
        (HEAD + "blocks:\n  x -> macs(): x\n", ("invalid-name", 4, 8)),
        (HEAD + "params: {x: 3}\n", ("duplicate-name", 3, 10)),
        (HEAD + "blocks:\n  q -> f(): q\n  q -> f(a=q -> f): q\n", ("duplicate-name", 5, 8)),
        (HEAD + "blocks: {f(a): [relu]}\n", ("wrong-type", 3, 16)),
        (HEAD + "model:\n  -\n  - relu\n", ("wrong-type", 4, 3)),
        (HEAD + "model:\n  - dense: {units:\n      {a: 1}}\n", ("wrong-type", 5, 7)),
    ],
)
def test_places(text: str, place: tuple[str, int, int]) -> None:
    assert place in places(text)


def test_both_places_of_a_name_given_twice() -> None:
    [fault] = faults(HEAD + "params: {a: 1}\nlayers: {a: relu}\n")
    assert fault.labels[0].span.line == 3
    assert fault.message == "`a` names two things: a param and a shared layer"


def test_every_word_of_the_grammar_is_reserved() -> None:
    assert set(load_tables().words) <= KEYWORDS
    for word in KEYWORDS:
        assert "invalid-name" in [code for code, _, _ in places(HEAD + f"params: {{'{word}': 1}}\n")]


def test_params_may_be_called_like_operators() -> None:
    read_spec_text("netwright: 1\nparams: {dense: 3, relu: 4}\n")


def test_lost_line_ends_are_pointed_out() -> None:
    [fault] = faults(HEAD + "model: >\n  y = x -> relu\n  y -> relu\n")
    assert any("`|`" in note for note in fault.notes)


@given(
    st.text(alphabet="netwrigh: 1-{}[]\"'|>&*!%@#=\\\n\t,x(→é\0", max_size=60),
    st.sampled_from(["", HEAD, HEAD + "model: "]),
)
def test_no_text_breaks_the_reader(text: str, head: str) -> None:
    with suppress(SpecError):
        read_spec_text(head + text)


# ---------------------------------------------------------------- other specs


def test_used_specs_lie_in_the_tree(tmp_path: Path) -> None:
    path = tmp_path / "nets" / "net.yaml"
    path.parent.mkdir()
    path.write_text("netwright: 1\nuse: {a: sub/../a.yaml, b: ../b.yaml}\n")
    spec = read_spec(path, root=tmp_path)
    assert [resolve_use(spec, use, tmp_path) for use in spec.uses] == [path.parent / "a.yaml", tmp_path / "b.yaml"]
    with pytest.raises(SpecError) as caught:
        read_spec(path)
    [fault] = caught.value.diagnostics
    assert (fault.code, fault.span and fault.span.text) == ("path-outside-tree", "../b.yaml")


@pytest.mark.parametrize("used", ["/etc/passwd", "../../x.yaml", "link/x.yaml", "C:\\x.yaml", '"a\\0b"', "loop/x.yaml"])
def test_paths_out_of_the_tree(tmp_path: Path, used: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link").symlink_to(tmp_path)
    (tree / "loop").symlink_to(tree / "loop")
    (tree / "net.yaml").write_text(f"netwright: 1\nuse: {{a: {used}}}\n")
    with pytest.raises(SpecError) as caught:
        read_spec(tree / "net.yaml")
    assert [fault.code for fault in caught.value.diagnostics] == ["path-outside-tree"]


def test_a_text_has_no_folder() -> None:
    spec = read_spec_text("netwright: 1\nuse: {a: b.yaml}\n")
    with pytest.raises(SpecError):
        resolve_use(spec, spec.uses[0])
    assert resolve_use(spec, spec.uses[0], Path("nets")) == Path("nets/b.yaml")


# ---------------------------------------------------------------- cost


def test_a_list_of_thousands_of_layers_is_read() -> None:
    text = HEAD + "model:\n" + "  - dense: {units: 128, activation: relu}\n" * 3_000
    spec = read_spec_text(text)
    assert len(stages(spec)) == 3_001


def test_importing_the_reader_loads_nothing_heavy() -> None:
    code = "import sys, netwright.dsl.document; print(*{'yaml', 'lark', 'jsonschema_rs', 'numpy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
