"""A run whose numbers stop being numbers says where it began, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.train import Settings, train
from netwright.backends.xla.training.divergence import find_bad_step
from netwright.backends.xla.training.figures import build_loss
from netwright.backends.xla.training.surroundings import NoProgress
from netwright.compiler.training import losses, optimizers
from netwright.run_folder import RunFolder

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]

#: 40 examples in file order: 30 to train on in 4 steps, the last one short, 10 to validate in 2
SPEC = """\
netwright: 1
name: grows
inputs: {{x: "f32[N, 3]"}}
blocks:
  "x -> grow(units)": |
    x -> dense(units, kernel_initializer=ones)
      -> exp
  "(x, h[N, 1]) -> cell()": |
    (x + h -> log)
model: |
  {flow}
train:
  data: {{npz: data.npz, split: {{validation: 0.25}}, shuffle: false}}
  loss: mean_squared_error
  optimizer: {optimizer}
  batch_size: 8
"""
STEP = "the loss is no longer a number at epoch 1, step"
#: flow of the model; the example that is not all ones, and what it holds; what is said
CASES: dict[str, tuple[str, int, dict[str, float], str]] = {
    "an operator": ("x -> log -> dense(1)", 20, {"x": -1}, f"{STEP} 3 of 4: log (grows.yaml:11) gave nan"),
    "the last step": ("x -> log -> dense(1)", 29, {"x": -1}, f"{STEP} 4 of 4: log (grows.yaml:11) gave nan"),
    "in a block": ("x -> grow(3) * 3 -> dense(1)", 0, {}, f"{STEP} 1 of 4: grow[2]/exp (grows.yaml:7) gave inf"),
    "in a recurrence": (
        "x -> reshape([3, 1]) -> recurrent(cell())",
        9,
        {"x": -1},
        f"{STEP} 2 of 4: recurrent (grows.yaml:11) gave nan",
    ),
    "the loss": ("x -> dense(1)", 17, {"y": 3e38}, f"{STEP} 3 of 4: the loss is inf"),
    "weights": (
        "y = x -> dense(1, kernel_initializer=constant(1e20), kernel_regularizer=l2(1))\n  y * 0",
        0,
        {},
        f"{STEP} 1 of 4: the penalty on weights is inf",
    ),
    "activities": (
        "x -> dense(1) -> activity_regularization(l2=3e38)",
        0,
        {"x": 1e3},
        f"{STEP} 1 of 4: the penalty on activities is inf",
    ),
    "a gradient": (
        'x -> dense(1, name="low", kernel_initializer=ones, use_bias=false) -> sqrt -> dense(1)',
        12,
        {"x": 0},
        f"{STEP} 2 of 4: the gradient of low/kernel (grows.yaml:11) is nan",
    ),
    "validation": (
        "x -> log -> dense(1)",
        38,
        {"x": -1},
        "the validation loss is no longer a number at epoch 1, batch 2 of 2: log (grows.yaml:11) gave nan",
    ),
}


def spec(flow: str, optimizer: str = "sgd(1e-3)") -> str:
    return SPEC.format(flow=flow, optimizer=optimizer)


def refused(text: str, data: dict[str, Any], folder: Path) -> str:
    (folder / "grows.yaml").write_text(text)
    np.savez(folder / "data.npz", **data)
    run = RunFolder(folder / "run", "grows.yaml")
    with pytest.raises(ExecutionError) as error:
        train(compile_spec(folder / "grows.yaml"), run, Settings(Target(NAME, "cpu")), NoProgress())
    return error.value.message


def ones(**shapes: tuple[int, ...]) -> dict[str, Any]:
    return {name: np.ones(shape, "float32") for name, shape in shapes.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_step_and_what_gave_it_are_named(case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow, row, values, message = CASES[case]
    monkeypatch.chdir(tmp_path)
    data = ones(x=(40, 3), y=(40, 1))
    for name, value in values.items():
        data[name][row] = value
    found = refused(spec(flow), data, tmp_path)
    assert found.replace(f"{tmp_path}/", "") == message


def test_a_step_too_large_is_the_optimizers(tmp_path: Path) -> None:
    """The loss of an epoch of one such step is finite; the weights after it are not, and are not saved."""
    found = refused(spec("x -> dense(1)", "sgd(3e38)"), {"x": np.ones((8, 3)), "y": np.full((8, 1), 1e6)}, tmp_path)
    assert re.search(r"step 1 of 1: the optimizer's step made dense/kernel \(.*grows.yaml:11\) inf$", found)
    with np.load(tmp_path / "run" / "checkpoint.npz") as held:
        weights = [held[name] for name in held.files if name.startswith("run/weights/")]
    assert weights
    assert all(np.isfinite(weight).all() for weight in weights)


def test_an_input_that_holds_it_is_named(engine: Engine, program_of: Callable[[str], Program], start: Any) -> None:
    program = program_of('inputs: {n: "i32[N]", x: "f32[N, 3]"}\nmodel: |\n  (n -> one_hot(3)) + x -> dense(1)\n')
    with engine.place():
        sgd = keras_object(optimizers.SGD.make(learning_rate=0.1))
    loss = build_loss({"output": losses.MeanSquaredError({})})
    training = engine.compile_training(program, start(program, 0), loss, sgd, ())
    batches = [Batch({"n": np.zeros(4, "int32"), **ones(x=(4, 3))}, ones(output=(4, 1))) for _ in range(3)]
    batches[1].inputs["x"][3, 2] = np.nan
    assert find_bad_step(training, enumerate(batches)) == (1, "the input x holds nan")
