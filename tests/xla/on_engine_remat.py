"""Training that computes blocks again against training that keeps what they computed, on the engine of KERAS_BACKEND
(see `test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch, Engine, Training
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.train import Settings, compile_run
from netwright.backends.xla.training.figures import build_loss

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

HEAD = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 6, 8]"}\n'
TAIL = "\ntrain: {loss: mean_squared_error, optimizer: sgd(0.1)}\n"
#: title -> spec without head and tail
SPECS = {
    "random numbers, statistics, penalties": """
blocks:
  x -> g: x -> dense(8, activity_regularizer=l2(0.1)) -> batch_normalization -> dropout(0.3)
  x -> f: x + (x -> g -> gelu)
model: x -> f * 3""",
    "rates that differ": """
blocks: {x -> f(rate): x + (x -> dense(8) -> tanh -> dropout(rate))}
model: x -> (f(0.1 * i) for i in range(1, 4))""",
    "several tensors": """
blocks:
  (x, y) -> f: ((x, y) -> attention -> dense(8), y + random.normal(x.shape))
model: |
  z, y = (x, x -> dense(8)) -> f * 2
  z + y""",
    "shared layers": """
layers: {s: dense(8)}
blocks:
  x -> f: |
    g = shared dense(8)
    x -> g -> (dense(8) -> g) -> tanh -> s
model: x -> f -> f * 2 -> s""",
    "a shared layer with a repeat beside it": """
blocks:
  x -> f: |
    g = shared dense(8)
    x -> g -> (x_and -> tanh -> g) * 1
  x -> x_and: x -> dense(8) * 2
model: x -> f -> f""",
    "a recurrence of blocks": """
blocks:
  x -> gate: x -> dense(8) -> tanh
  (x, h[N, 8]) -> cell: ((x, h) -> concatenate -> gate) + h
model: x -> recurrent(cell, return_sequences=true) * 2""",
    "a mask": "model: x -> masking(0.0) -> (simple_rnn(8, return_sequences=true) -> dropout(0.1)) * 2",
    "a mask that a block makes": """
blocks: {x -> f: x -> masking(0.0)}
model: x -> f -> simple_rnn(8, return_sequences=true)""",
}
DEEP = """
blocks: {x -> f: x + (x -> dense(64, activation=tanh) -> dense(64, activation=tanh) -> dense(8))}
model: x -> f * 8"""


@pytest.fixture
def batch(rng: Any) -> Batch:
    x = rng.random((4, 6, 8), "float32")
    x[:, 4:] = 0  # what masking leaves out
    return Batch({"x": x}, {"output": rng.random((4, 6, 8), "float32")})


def begun(engine: Engine, start: Start, text: str, **options: str) -> Training:
    program = Program(compile_spec(HEAD + text + TAIL), engine, Target(**options))
    plan = program.model.plan
    assert plan is not None
    arrays = start(program, 3)
    return engine.compile_training(program, arrays, build_loss(plan.losses), keras_object(plan.optimizer), [])


def learnt(training: Training, batch: Batch) -> list[float]:
    """The loss of each of three steps, and what has become of the arrays."""
    found = []
    for _ in range(3):
        training.reset_metrics()
        training.step(batch)
        found.append(training.results()["loss"])
    return [*found, *(float(np.abs(array).sum()) for _, array in sorted(training.arrays().items()))]


@pytest.mark.parametrize("title", SPECS)
def test_what_is_computed_again_is_equal(engine: Engine, start: Start, batch: Batch, title: str) -> None:
    expected = learnt(begun(engine, start, SPECS[title], repeat="unroll"), batch)
    for repeat, remat in (("unroll", "block"), ("scan", "block"), ("unroll", "repeat")):
        found = learnt(begun(engine, start, SPECS[title], repeat=repeat, remat=remat), batch)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6, err_msg=f"{repeat}, {remat}")


@pytest.mark.parametrize(("asked", "done"), [(None, "block"), ("none", "none")])
def test_the_spec_says_unless_told_otherwise(engine: Engine, asked: str | None, done: str) -> None:
    model = compile_spec(HEAD + DEEP + TAIL.replace("}", ", remat: block}"))
    assert model.plan is not None
    program, _, _ = compile_run(model, model.plan, Settings(Target(engine.name, "cpu", remat=asked)), 0)
    assert program.remat == done


@pytest.mark.parametrize("repeat", ["scan", "unroll"])
def test_activations_are_not_kept(engine: Engine, start: Start, rng: Any, repeat: str) -> None:
    """The forward pass of each copy stands in the program twice; where the compiler tells, memory falls to a half."""
    x = rng.random((64, 6, 8), "float32")
    kept, again = (
        begun(engine, start, DEEP, repeat=repeat, remat=remat).executable(Batch({"x": x}, {"output": x}))
        for remat in ("none", "block")
    )
    assert again.hlo().count(" tanh(") >= 1.5 * kept.hlo().count(" tanh(") > 0
    if engine.name == "jax":
        assert again.held_bytes() < 0.5 * kept.held_bytes()
