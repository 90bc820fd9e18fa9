"""Copies run as a loop against copies laid out, on the engine of KERAS_BACKEND (see `test_program_engines.py`). What is
laid out is compared with Keras elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.training.figures import build_loss

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

HEAD = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 6, 8]"}\n'
TAIL = "\ntrain: {loss: mean_squared_error, optimizer: sgd(0.1)}\n"
#: title -> spec without head and tail
LOOPED = {
    "one layer": "model: x -> dense(8) * 3",
    "a block": """
blocks: {x -> f: x + (x -> dense(8) -> relu)}
model: x -> f * 3""",
    "random numbers": "model: x -> (dense(8) -> dropout(0.4)) * 3",
    "statistics": "model: x -> (dense(8) -> batch_normalization) * 3",
    "losses of layers": "model: x -> (dense(8, kernel_regularizer=l2(0.1), activity_regularizer=l1(0.1)) -> tanh) * 3",
    "an orthogonal penalty": "model: x -> dense(8, kernel_regularizer=orthogonal_regularizer(0.1)) * 3",
    "a constraint": "model: x -> (dense(8, kernel_constraint=max_norm(0.5)) -> tanh) * 3",
    "a loop in a loop": "model: x -> ((dense(8) -> tanh) * 2 -> layer_normalization -> dropout(0.2)) * 3",
    "several tensors": """
blocks: {"(x, y) -> f": "((x, y) -> attention -> dense(8), y)"}
model: |
  z, _ = (x, x -> dense(8)) -> f * 3
  z""",
    "a tensor that all copies read": """
blocks: {"(x, y) -> f": x * y -> dense(8)}
model: |
  y = x -> dense(8)
  a = (x, y) -> f
  b = (a, y) -> f
  (b, y) -> f""",
    "calls in a chain": """
blocks: {x -> f: x -> dense(8) -> tanh}
model: x -> f -> f -> f""",
    "rates that differ": """
blocks: {x -> f(rate): x + (x -> dense(8) -> tanh -> dropout(rate) -> stochastic_depth(rate / 2))}
model: x -> (f(0.1 * i) for i in range(4))""",
    "rates in a loop in a loop": """
blocks:
  x -> f(rate): x -> dense(8) -> spatial_dropout1d(rate)
  x -> g(rate): x -> (f(rate + 0.1 * i) for i in [1, 2]) -> tanh
model: x -> (g(0.3 * i) for i in range(3))""",
    "a layer shared within a copy": """
blocks:
  x -> f: |
    g = shared dense(8)
    x -> g -> tanh -> g
model: x -> f * 3""",
    "a recurrence": "model: x -> (lstm(8, return_sequences=true) -> dropout(0.1)) * 3",
    "random functions": """
blocks: {x -> noisy: x + random.normal(x.shape)}
model: x -> (dense(8) -> noisy) * 3""",
}
LAID_OUT = {
    "a layer shared by the copies": """
model: |
  g = shared dense(8)
  x -> (g -> dense(8)) * 3""",
    "two rates in one block": """
blocks:
  x -> f(rate): x -> dense(8) -> dropout(rate)
  x -> g(rate): x -> f(0.1) -> tanh -> f(rate)
model: x -> g(0.1) -> g(0.2)""",
    "another activation": """
blocks: {x -> f(g): x -> dense(8) -> g}
model: x -> f(relu) -> f(tanh)""",
    "what is read between": """
blocks: {x -> f: x -> dense(8)}
model: |
  y = x -> f
  (y -> f) + y""",
    "a mask that the copies make": "model: x -> (masking(0.0) -> dense(8)) * 3",
}
OPTIMIZERS = (
    "adam_w(0.01)",
    "lamb(0.01)",
    "sgd(0.1, clipnorm=0.01)",
    "sgd(0.1, global_clipnorm=0.01)",
    "muon(0.01)",
    "adafactor(0.01)",
    "adam(0.01, use_ema=true)",
    "sgd(0.1, gradient_accumulation_steps=2)",
)


def program(engine: Engine, text: str, repeat: str) -> Program:
    return Program(compile_spec(HEAD + text + TAIL), engine, Target(repeat=repeat))


@pytest.fixture
def batch(rng: Any) -> Batch:
    return Batch({"x": rng.random((4, 6, 8), "float32")}, {"output": rng.random((4, 6, 8), "float32")})


@pytest.fixture
def assert_same(engine: Engine, start: Start, batch: Batch) -> Callable[[str], None]:
    """A spec gives the same, and learns the same, with loops and without."""

    def compare(text: str) -> None:
        looped, laid_out = (Program(compile_spec(text), engine, Target(repeat=repeat)) for repeat in ("scan", "unroll"))
        arrays = start(looped, 3)
        for of in (outputs, learnt):
            found, expected = (of(engine, each, arrays, batch) for each in (looped, laid_out))
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    return compare


def outputs(engine: Engine, made: Program, arrays: Any, batch: Batch) -> Any:
    return engine.numpy(engine.compile_forward(made)(*made.split(arrays), batch.inputs)["output"])


def learnt(engine: Engine, made: Program, arrays: Any, batch: Batch) -> list[float]:
    """The loss of each of four steps, and what has become of the arrays."""
    plan = made.model.plan
    assert plan is not None
    training = engine.compile_training(made, arrays, build_loss(plan.losses), keras_object(plan.optimizer), [])
    found = []
    for _ in range(4):
        training.reset_metrics()
        training.step(batch)
        found.append(training.results()["loss"])
    return [*found, *(float(np.abs(array).sum()) for _, array in sorted(training.arrays().items()))]


@pytest.mark.parametrize("title", LOOPED)
def test_copies_are_a_loop_that_is_equal(engine: Engine, assert_same: Callable[[str], None], title: str) -> None:
    assert any(entry.counts[0] == 3 for entry in program(engine, LOOPED[title], "scan").layout.entries if entry.counts)
    assert not any(entry.counts for entry in program(engine, LOOPED[title], "unroll").layout.entries)
    assert_same(HEAD + LOOPED[title] + TAIL)


@pytest.mark.parametrize("title", LAID_OUT)
def test_copies_that_are_none(engine: Engine, title: str) -> None:
    assert not any(entry.counts for entry in program(engine, LAID_OUT[title], "scan").layout.entries)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_sees_the_arrays_that_it_must(assert_same: Callable[[str], None], optimizer: str) -> None:
    assert_same(HEAD + "model: x -> (dense(8) -> tanh) * 3" + TAIL.replace("sgd(0.1)", optimizer))


def test_a_mask_goes_through_the_copies(engine: Engine, start: Start) -> None:
    text = """netwright: 1
name: t
inputs: {x: "i32[N, 6]"}
model: x -> embedding(9, 8, mask_zero=true) -> (lstm(8, return_sequences=true) -> dropout(0.1)) * 3
"""
    looped, laid_out = (Program(compile_spec(text), engine, Target(repeat=repeat)) for repeat in ("scan", "unroll"))
    arrays = start(looped, 3)
    words = Batch({"x": np.array([[3, 1, 4, 1, 0, 0], [2, 7, 1, 8, 2, 0]], "int32")}, {})
    found, expected = (outputs(engine, each, arrays, words) for each in (looped, laid_out))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert np.array_equal(found[0, 4], found[0, 3])
