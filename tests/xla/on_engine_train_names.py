"""Every loss, metric, optimizer and schedule of Keras takes a step in a compiled program, on the engine of
KERAS_BACKEND (see `test_program_engines.py`). What they compute is compared with Keras computing alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.training.figures import build_loss, build_metrics
from netwright.compiler.ops.configuration import Configuration, configurations
from netwright.compiler.training import callbacks, losses, metrics, optimizers, schedules
from netwright.compiler.training.plan import Plan

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

DEFINED_BY = (callbacks, losses, metrics, optimizers, schedules)
#: for what has no default
ARGUMENTS: dict[str, Any] = {
    "num_classes": 2,
    "target_class_ids": (0, 1),
    "recall": 0.5,
    "precision": 0.5,
    "specificity": 0.5,
    "sensitivity": 0.5,
    "initial_learning_rate": 0.1,
    "decay_steps": 10,
    "first_decay_steps": 10,
    "decay_rate": 0.5,
    "boundaries": (1, 2),
    "values": (0.3, 0.2, 0.1),
    "inner_optimizer": "sgd",
}
COUNT = 8
rng = np.random.default_rng(0)


def every(kind: str) -> dict[str, Configuration]:
    """One of each class of a kind, by flow name."""
    classes = dict.fromkeys(configurations(kind).values())
    return {cls.name_in_flow: cls.make(**arguments(cls)) for cls in classes}


def arguments(cls: type[Configuration]) -> dict[str, Any]:
    return {name: ARGUMENTS[name] for name, attribute in cls.attributes().items() if attribute.required}


def plan_of(program: Program, **settings: Any) -> Plan:
    plan = Plan(program.model.spec.span)
    for name, value in settings.items():
        setattr(plan, name, value)
    return plan


# ---------------------------------------------------------------- losses

#: prediction: how it is made, and the target's shape behind the examples
DENSE = ("dense(3, activation=softmax)", (3,))
PREDICTIONS = {
    "sparse_categorical_crossentropy": (DENSE[0], ()),
    "categorical_generalized_cross_entropy": (DENSE[0], ()),
    "circle": ("dense(3) -> unit_normalization", ()),
    "ctc": ("dense(24) -> reshape([6, 4])", (2,)),
}


def target_of(name: str) -> Any:
    if name == "ctc":
        return rng.integers(1, 4, (COUNT, 2)).astype("int32")
    if PREDICTIONS.get(name, DENSE)[1] == ():
        return rng.integers(0, 3, COUNT).astype("int32")
    return np.eye(3, dtype="float32")[rng.integers(0, 3, COUNT)]


def test_every_loss_takes_a_step(engine: Engine, program_of: Callable[[str], Program], start: Start) -> None:
    """One program with an output for each loss: the total is the sum of Keras's, and all weights move."""
    every_loss = every("losses")
    lines = "".join(f"  {name} = x -> {PREDICTIONS.get(name, DENSE)[0]}\n" for name in every_loss)
    text = f'inputs: {{x: "f32[N, 5]"}}\nmodel: |\n{lines}outputs: [{", ".join(every_loss)}]\n'
    program = program_of(text)
    arrays = start(program, 0)
    inputs = {"x": rng.random((COUNT, 5), "float32")}
    targets = {name: target_of(name) for name in every_loss}
    found = engine.compile_forward(program)(*program.split(arrays), inputs)
    wanted = {name: float(keras_object(loss)(targets[name], found[name])) for name, loss in every_loss.items()}
    with engine.place():
        sgd = keras_object(optimizers.SGD.make(learning_rate=0.1))
    training = engine.compile_training(program, arrays, build_loss(every_loss), sgd, ())
    training.step(Batch(inputs, targets))
    assert training.results()["loss"] == pytest.approx(sum(wanted.values()), rel=1e-4)
    moved = training.arrays()
    assert [path for path in arrays if path.endswith("kernel") and np.array_equal(arrays[path], moved[path])] == []


# ---------------------------------------------------------------- metrics


_OUTPUT_OF = {"sparse": "kind", "categorical": "share"}


def test_every_metric_is_counted(engine: Engine, program_of: Callable[[str], Program], start: Start) -> None:
    """All in one program, over two batches, against Keras's metrics updated alone."""
    program = program_of(
        'inputs: {x: "f32[N, 5]"}\n'
        "model: |\n  level = x -> dense(3, activation=sigmoid)\n  share = x -> dense(3, activation=softmax)\n"
        "  kind = x -> dense(3, activation=softmax)\noutputs: [level, share, kind]\n"
    )
    by_output: dict[str, list[Configuration]] = {"level": [], "share": [], "kind": []}
    for name, metric in every("metrics").items():
        by_output[_OUTPUT_OF.get(name.partition("_")[0], "level")].append(metric)
    loss = {"level": losses.MeanSquaredError({})}
    plan = plan_of(program, losses=loss, metrics={name: tuple(items) for name, items in by_output.items()})
    arrays = start(program, 0)
    with engine.place():
        sgd = keras_object(optimizers.SGD.make(learning_rate=0.1))
    training = engine.compile_training(program, arrays, build_loss(loss), sgd, build_metrics(plan))
    alone = build_metrics(plan)
    forward = engine.compile_forward(program)
    for _ in range(2):
        inputs = {"x": rng.random((COUNT, 5), "float32")}
        targets = {
            "level": np.eye(3, dtype="float32")[rng.integers(0, 3, COUNT)],
            "share": np.eye(3, dtype="float32")[rng.integers(0, 3, COUNT)],
            "kind": rng.integers(0, 3, COUNT).astype("int32"),
        }
        training.evaluate(Batch(inputs, targets))
        outputs = forward(*program.split(arrays), inputs)
        for each in alone:
            each.metric.update_state(targets[each.target], outputs[each.output])
    results = training.results()
    for each in alone:
        wanted = np.asarray(each.metric.result()).tolist()
        assert results[each.name] == pytest.approx(wanted, rel=1e-4, abs=1e-5), each.name


# ---------------------------------------------------------------- optimizers and schedules


@pytest.fixture(scope="module")
def line(engine: Engine) -> Program:
    text = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 5]"}\nmodel: |\n  x -> dense(4) -> dense(1)\n'
    return Program(compile_spec(text), engine)


def three_steps(engine: Engine, program: Program, start: Start, optimizer: Configuration) -> Any:
    arrays = start(program, 0)
    with engine.place():
        built = keras_object(optimizer)
    loss = build_loss({"output": losses.MeanSquaredError({})})
    training = engine.compile_training(program, arrays, loss, built, ())
    x = rng.random((COUNT, 5), "float32")
    for _ in range(3):
        training.step(Batch({"x": x}, {"output": x[:, :1] * 7 + 5}))
    moved = training.arrays()
    assert [path for path in arrays if np.array_equal(arrays[path], moved[path])] == []
    assert math.isfinite(training.results()["loss"])
    return training


@pytest.mark.parametrize("name", every("optimizers"))
def test_every_optimizer_takes_steps(engine: Engine, line: Program, start: Start, name: str) -> None:
    training = three_steps(engine, line, start, every("optimizers")[name])
    steps = [value for slot, value in training.snapshot().items() if slot.endswith("iteration")]
    assert int(steps[-1]) == 3  # of an optimizer in another one, that of the inner one


@pytest.mark.parametrize("name", every("optimizers.schedules"))
def test_every_schedule_sets_the_rate(engine: Engine, line: Program, start: Start, name: str) -> None:
    schedule = every("optimizers.schedules")[name]
    training = three_steps(engine, line, start, optimizers.SGD.make(learning_rate=schedule))
    assert training.learning_rate == pytest.approx(float(keras_object(schedule)(3)), rel=1e-5)
