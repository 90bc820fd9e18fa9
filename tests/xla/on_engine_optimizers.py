"""What optimizers do beside moving weights, against the emitted Keras model, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.training.figures import build_loss
from netwright.backends.xla.weights import pair_variables

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

SPEC = """netwright: 1
name: t
inputs: {x: "f32[N, 8]"}
model: x -> (dense(8) -> tanh) * 3 -> dense(2)
train: {loss: mean_squared_error, optimizer: "%s"}
"""
#: each moves the weights otherwise than its optimizer alone; of 7 steps, accumulation leaves one over
OPTIMIZERS = (
    "sgd(0.5, gradient_accumulation_steps=3)",
    "adam(0.01, epsilon=0.1, gradient_accumulation_steps=2, use_ema=true, ema_momentum=0.5)",
    "sgd(0.5, clipnorm=0.05)",
    "sgd(0.5, clipvalue=0.01)",
    "sgd(0.5, global_clipnorm=0.05)",
    "sgd(0.5, use_ema=true, ema_momentum=0.8)",
    "sgd(0.5, use_ema=true, ema_momentum=0.8, ema_overwrite_frequency=2)",
    "sgd(0.5, momentum=0.9, weight_decay=0.1, clipnorm=0.05, use_ema=true, ema_momentum=0.8)",
    "loss_scale_optimizer(sgd(0.5, gradient_accumulation_steps=2, clipnorm=0.05), initial_scale=8.0)",
)
STEPS = 7


@pytest.fixture
def batches(rng: Any) -> list[Batch]:
    return [
        Batch({"x": rng.random((16, 8), "float32")}, {"output": rng.random((16, 2), "float32")}) for _ in range(STEPS)
    ]


def of_keras(model: Any, batches: list[Batch]) -> tuple[list[float], list[Any]]:
    """The loss of each step, and the weights after training, as `fit` leaves them."""
    losses = [float(model.train_on_batch(each.inputs["x"], each.targets["output"])) for each in batches]
    model.optimizer.finalize_variable_values(model.trainable_variables)
    return losses, [variable.numpy() for variable in model.trainable_variables]


def direct(engine: Engine, program: Program, arrays: Any, batches: list[Batch]) -> tuple[list[float], Any]:
    plan = program.model.plan
    assert plan is not None
    training = engine.compile_training(program, arrays, build_loss(plan.losses), keras_object(plan.optimizer), [])
    losses = []
    for batch in batches:
        training.reset_metrics()
        training.step(batch)
        losses.append(training.results()["loss"])
    training.finish()
    return losses, training.arrays()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_steps_are_those_of_keras(engine: Engine, start: Start, batches: list[Batch], optimizer: str) -> None:
    model = compile_spec(SPEC % optimizer)
    programs = [Program(model, engine, Target(repeat=repeat)) for repeat in ("scan", "unroll")]
    arrays = start(programs[0], 3)
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(model, train=True), "emitted", "exec"), names)
    keras_model = names["build_model"]()
    names["compile_model"](keras_model)
    pairs = pair_variables(programs[0], keras_model)
    for path, variable in pairs.items():
        variable.assign(arrays[path])
    losses, _ = of_keras(keras_model, batches)
    for program in programs:
        found, learnt = direct(engine, program, arrays, batches)
        np.testing.assert_allclose(found, losses, rtol=1e-4)
        for path, variable in pairs.items():
            np.testing.assert_allclose(learnt[path], variable.numpy(), rtol=1e-3, atol=1e-4, err_msg=path)
