"""What is measured: data made up to types and losses, sizes, counted FLOPs, the report and its table. No framework."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.report.bench_text import bench_text
from netwright.backends.xla.bench.bench import figures
from netwright.backends.xla.bench.case import Case, Conditions, Timing, case_of
from netwright.backends.xla.bench.feeds import Feed, target_feeds
from netwright.backends.xla.errors import ExecutionError
from netwright.cli import main
from netwright.compiler.training.losses import Loss
from netwright.compiler.training.plan import Plan
from netwright.compiler.training.targets import check_target
from netwright.compiler.types import TensorType

SPECS = Path(__file__).parents[2] / "specs"
HEAD = "netwright: 1\nname: t\n"
TOKENS = (
    HEAD
    + """inputs: {ids: "i32[N, T]", x: "f32[N, 4]", flag: "bool[N]"}
model: (ids -> embedding(50, 8) -> embedding_free, x) -> concatenate
train: {loss: mse, batch_size: 7}
""".replace("embedding_free", "global_average_pooling1d")
)
FIXED = HEAD + 'inputs: {x: "f32[3, 4]"}\nmodel: x -> dense(2)\n'


@pytest.fixture
def case(tmp_path: Path) -> Any:
    def made(text: str, params: dict[str, Any] | None = None, **conditions: Any) -> Case:
        path = tmp_path / "t.yaml"
        path.write_text(text)
        return case_of(compile_spec(path, params=params), params or {}, None, Conditions(**conditions))

    return made


def test_inputs_follow_their_types_and_the_smallest_table(case: Any) -> None:
    found = case(TOKENS, {"T": 5})
    assert found.batch == 7
    assert found.inputs == {
        "ids": Feed((7, 5), "int32", 0, 50),
        "x": Feed((7, 4), "float32", 0, 1),
        "flag": Feed((7,), "bool", 0, 50),
    }
    assert found.targets == {"output": Feed((7, 12), "float32")}


def test_values_are_within_their_range() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    tokens = Feed((100,), "int32", 1, 4).made(rng)
    assert set(tokens) == {1, 2, 3}
    assert Feed((100,), "uint8", 0, 1000).made(rng).max() < 127
    assert Feed((100,), "bool", 0, 50).made(rng).dtype == bool
    floats = Feed((100,), "float32").made(rng)
    assert floats.dtype == "float32"
    assert 0 <= floats.min() < floats.max() < 1


@pytest.mark.parametrize("loss", Loss.__subclasses__(), ids=lambda loss: loss.name_in_flow)
def test_every_loss_takes_its_made_up_targets(loss: Any) -> None:
    shape = "[N, 3]" if loss.name_in_flow == "circle" else "[N, 6, 3]"
    model = compile_spec(f'{HEAD}inputs: {{x: "f32{shape}"}}\nmodel: x -> dense(4)\n')
    plan = Plan(model.spec.span, losses={"output": loss({})})
    feed = target_feeds(model, plan, {"N": 5})["output"]
    output = TensorType("f32", (5, 4) if loss.name_in_flow == "circle" else (5, 6, 4))
    check_target(loss({}), TensorType("f32", feed.shape), output)
    assert feed.high <= 4


@pytest.mark.parametrize(
    ("text", "conditions", "message"),
    [
        (TOKENS, {}, "t: the size 'T' is not known\n  help: give it: --set T=64"),
        (FIXED, {"batch": 5}, "t: the inputs have batches of 3, not 5\n  help: leave out --batch"),
        (HEAD + 'inputs: {s: "str[N]"}\nmodel: s -> identity\n', {}, "'s' is str[N]: XLA has no strings"),
        (HEAD + 'inputs: {x: "f32[N]"}\n', {}, "t has no model to run\n  help: give the spec a `model`"),
    ],
)
def test_what_cannot_be_measured_is_said(case: Any, text: str, conditions: dict[str, Any], message: str) -> None:
    with pytest.raises(ExecutionError) as raised:
        case(text, **conditions)
    assert str(raised.value) == message


def test_a_training_step_counts_three_forward_passes(case: Any) -> None:
    forward = case(TOKENS, {"T": 5}, inference=True)
    training = case(TOKENS, {"T": 5})
    assert (forward.training, forward.targets) == (False, {})
    assert training.flops == 3 * forward.flops
    assert forward.flops == 7 * compile_spec(TOKENS, params={"T": 5}).flops
    assert case(TOKENS, {"T": 5}, batch=14).flops == 2 * training.flops


def test_without_train_inference_is_measured(case: Any) -> None:
    assert (case(FIXED).training, case(FIXED).batch) == (False, 3)


# ---------------------------------------------------------------- the report

TIMING = Timing("jax", "cpu", 1.5, 2.0, 0.01, 30, 1 << 20, "program", 1e11)


def report(case: Case, timing: Timing) -> dict[str, Any]:
    about = {"spec": "t.yaml", "engine": "jax", "device": "cpu", "batch": case.batch, "mode": "training"}
    return {**about, "peak_flops_per_s": 1e11, **figures(case, timing, timing.peak_flops_per_s)}


def test_figures(case: Any) -> None:
    found = figures(replace(case(FIXED), flops=2 * 10**8), TIMING, 1e11)
    assert found["examples_per_s"] == pytest.approx(300)
    assert found["flops_per_s"] == pytest.approx(2e10)
    assert found["peak_share"] == pytest.approx(0.2)
    unknown = figures(replace(case(FIXED), flops=None), TIMING, 1e11)
    assert (unknown["flops_per_s"], unknown["peak_share"]) == (None, None)


def test_the_table(case: Any) -> None:
    measured = replace(case(FIXED), flops=2 * 10**8)
    shown = report(measured, TIMING)
    keras = figures(measured, replace(TIMING, step_s=0.03, memory_bytes=None, memory_of=None), 1e11)
    ratios = {"first_step_s": 1.0, "step_s": 3.0}
    shown["vs"] = [
        {"what": "keras", "jit_compile": False, **keras, "ratios": ratios},
        {"what": "keras", "jit_compile": True, "error": "refused"},
    ]
    assert bench_text(shown) == TABLE


TABLE = """\
t.yaml: training, batch 3, jax on cpu, peak 100 GFLOP/s
                 first step    step  examples/s  FLOP/s  of peak  memory  imports
  netwright             2 s   10 ms         300    20 G    20.0%   1 MiB    1.5 s
  keras, no jit         2 s   30 ms         100  6.67 G     6.7%       ?    1.5 s
                     × 1.00  × 3.00
  keras             refused
  memory: what the compiled step holds"""


def test_json_is_an_object_for_one_and_a_list_for_several(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slower = replace(TIMING, step_s=0.02)
    monkeypatch.setattr("netwright.backends.xla.bench.bench.apart", lambda _, case: slower if case.module else TIMING)
    one, other = (str(SPECS / f"{name}.yaml") for name in ("xor_mlp", "lenet5"))
    assert main(["bench", one, "--format", "json", "--vs", "keras"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["spec"], found["mode"], found["batch"]) == (one, "training", 4)
    assert [row["ratios"] for row in found["vs"]] == [{"first_step_s": 1.0, "step_s": 2.0}]
    assert main(["bench", one, other, "--format", "json"]) == 0
    assert [each["spec"] for each in json.loads(capsys.readouterr().out)] == [one, other]


def test_weights_that_training_moves_are_not_frozen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(SPECS / "xor_mlp.yaml"), "--frozen"]) == 1
    assert "--inference measures inference" in capsys.readouterr().err


def test_the_command_refuses_before_any_framework_is_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(SPECS / "char_lstm.yaml")]) == 1
    assert "--set T=64" in capsys.readouterr().err
