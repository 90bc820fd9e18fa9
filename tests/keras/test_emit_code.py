"""What emitted code says of a spec: params, branches that were not taken, what cannot be written. No framework."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.dsl.diagnostics import SpecError

HEAD = "netwright: 1\nname: t\n"
MODEL = """netwright: 1
name: t
params: {n: 4, hidden: "= 2 * n", deep: false}
presets: {wide: {n: 16}}
inputs: {x: "f32[N, n]"}
blocks:
  x -> taken: x -> dense(hidden)
  x -> not_taken(f, k=2): x -> f * k
  x -> unused: x -> dense(1)
model: x -> taken -> (not_taken(dense(n)) if deep else dense(3))
"""


def defaults(code: str, function: str = "build_model") -> dict[str, str]:
    """The parameters of a function with their defaults as written."""
    found = next(node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef) and node.name == function)
    names = [argument.arg for argument in found.args.args]
    return dict(zip(names[-len(found.args.defaults) :], map(ast.unparse, found.args.defaults), strict=True))


def test_params_are_parameters_and_what_follows_from_others_is_computed() -> None:
    code = emit(compile_spec(MODEL))
    assert defaults(code) == {"n": "4", "hidden": "None", "deep": "False"}
    assert "    if hidden is None:\n        hidden = 2 * n\n" in code


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"params": {"n": 6}}, {"n": "6", "hidden": "None"}),
        ({"params": {"hidden": 5}}, {"n": "4", "hidden": "5"}),
        ({"preset": "wide"}, {"n": "16", "hidden": "None"}),
    ],
)
def test_defaults_are_what_the_model_was_compiled_with(given: dict[str, Any], expected: dict[str, str]) -> None:
    found = defaults(emit(compile_spec(MODEL, **given)))
    assert {name: found[name] for name in expected} == expected


def test_blocks_that_are_reached_are_written_though_the_defaults_do_not_take_them() -> None:
    code = emit(compile_spec(MODEL))
    assert "def not_taken(x, f, k=2):" in code
    assert "unused" not in code


def test_emission_does_not_depend_on_what_was_compiled_before() -> None:
    first = emit(compile_spec(MODEL))
    emit(compile_spec(MODEL, params={"deep": True}))
    assert emit(compile_spec(MODEL)) == first


def fault(text: str) -> Any:
    with pytest.raises(SpecError) as caught:
        emit(compile_spec(text))
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def test_a_size_that_is_not_known_is_refused_where_keras_needs_a_number() -> None:
    found = fault(
        'netwright: 1\nname: t\ninputs: {x: "f32[N, T, 4]"}\nmodel: |\n  x -> dense(2 if x.shape[1] + 1 > 1 else 3)'
    )
    assert found.code == "unknown-size"
    assert found.span.line == 5
    assert "--set" in found.help


def test_a_library_has_no_code() -> None:
    assert fault("netwright: 1\nname: t\nblocks: {x -> f: x -> dense(3)}\n").code == "missing-key"


def test_sizes_given_from_outside_become_numbers() -> None:
    text = f'{HEAD}inputs: {{x: "i32[N, T]"}}\nmodel: |\n  (x -> embedding(9, 4)) + (arange(T) -> embedding(T, 4))'
    code = emit(compile_spec(text, params={"T": 7}))
    assert 'keras.Input((7,), dtype="int32", name="x")' in code
    assert "Arange(x.shape[1])(x)" in code


def test_names_of_layers_are_kept_where_they_can_be() -> None:
    """Keras refuses a name on two layers, and numbers those without one itself."""
    text = f"""{HEAD}inputs: {{x: "f32[N, 4]"}}
blocks:
  x -> named(n): x -> dense(4, name=n) -> dense(4, name="inner")
layers: {{tower: 'dense(4, name="tower")'}}
model: |
  x -> named("first") -> named("second") -> tower -> tower -> dense(4, name="dense_1") -> dense(3)
"""
    code = emit(compile_spec(text))
    assert "layers.Dense(4, name=n)(x)" in code
    assert 'layers.Dense(4, name="tower")' in code
    assert "inner" not in code
    assert "dense_1" not in code


def test_the_recursion_limit_is_raised_only_for_deep_models() -> None:
    text = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 2]"}\nmodel: x -> dense(2) * COUNT'
    assert "sys" not in emit(compile_spec(text.replace("COUNT", "100")))
    assert "sys.setrecursionlimit(max(sys.getrecursionlimit(), 8_000))" in emit(
        compile_spec(text.replace("COUNT", "3000"))
    )


@pytest.mark.slow
def test_long_models_are_written_without_recursion() -> None:
    chain = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 2]"}\nmodel:\n' + "  - dense(2)\n" * 2000
    assert emit(compile_spec(chain)).count("layers.Dense(2)(") == 2000
    total = " + ".join(["x"] * 1500)
    ast.parse(emit(compile_spec(f'netwright: 1\nname: t\ninputs: {{x: "f32[N, 2]"}}\nmodel: {total}')))


def test_an_array_at_hand_on_the_left_is_given_to_a_function() -> None:
    """JAX's operators take no symbolic tensor on the right."""
    text = f'{HEAD}inputs: {{y: "f32[N, 4]"}}\nmodel: |\n  arange(4.0) * 2 - y * arange(4.0)\n'
    assert "ops.subtract(ops.arange(4.0) * 2, y * ops.arange(4.0))" in emit(compile_spec(text))


def test_call_time_arguments_given_again_stand_once() -> None:
    text = f"""{HEAD}inputs: {{x: "f32[N, 5, 3]", h: "f32[N, 4]", g: "f32[N, 4]", m: "bool[N, 5]"}}
blocks:
  (x, h[N, n]) -> elman(n): (x, h) -> concatenate -> dense(n)
layers: {{shared_rnn: simple_rnn(4)}}
model: |
  a = x -> gru(4, initial_state=[h])(initial_state=[g])
  b = x -> gru(4, mask=m, initial_state=h)(initial_state=g)(mask=m)
  c = x -> lstm(4, initial_state=[h, h])(initial_state=[g, h])
  d = x -> shared_rnn(initial_state=h)(initial_state=g)
  e = x -> recurrent(elman(4), initial_state=h)(initial_state=g)
  a + b + c + d + e
"""
    code = emit(compile_spec(text))
    for layer in ("GRU(4)", "LSTM(4)", "shared_rnn", "Recurrent(cell)"):
        assert f"{layer}(x, " in code
    assert "(x, mask=m, initial_state=g)" in code
    assert "=h" not in code
    assert "[h" not in code
    ast.parse(code)
