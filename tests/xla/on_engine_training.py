"""Training against Keras, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Batch, Engine, Metric
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.weights import pair_variables

pytestmark = pytest.mark.keras
Programs = Callable[[str], Program]
Start = Callable[[Program, Any], dict[str, Any]]
Batches = Callable[[int], list[Batch]]

DIGITS = """
inputs: {x: "f32[N, 8]"}
model: |
  x -> dense(6, activation=relu, kernel_regularizer=l2(1e-2)) -> batch_normalization(momentum=0.5)
    -> dense(6, activity_regularizer=l2(1e-2), kernel_constraint=max_norm(0.9)) * 2 -> dense(3)
"""


def digits() -> Any:
    import keras
    from keras import layers, regularizers

    def dense() -> Any:
        penalty = regularizers.L2(1e-2)
        return layers.Dense(6, activity_regularizer=penalty, kernel_constraint=keras.constraints.MaxNorm(0.9))

    first = layers.Dense(6, "relu", kernel_regularizer=regularizers.L2(1e-2))
    normalization = layers.BatchNormalization(momentum=0.5)
    return keras.Sequential([keras.Input((8,)), first, normalization, dense(), dense(), layers.Dense(3)])


def cross_entropy() -> Callable[..., Any]:
    import keras

    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return lambda outputs, targets, weights: loss(targets["label"], outputs["output"], weights)


def accuracy() -> Metric:
    import keras

    return Metric("accuracy", "output", "label", keras.metrics.SparseCategoricalAccuracy())


# Adam divides by gradients: a large epsilon keeps those that are 0 but for rounding from taking whole steps
@pytest.mark.parametrize(
    "optimizer", [("SGD", {"learning_rate": 0.1}), ("Adam", {"learning_rate": 0.01, "epsilon": 0.1})]
)
def test_ten_steps_are_those_of_keras(
    engine: Engine, program_of: Programs, twins: Start, batches: Batches, optimizer: tuple[str, dict[str, float]]
) -> None:
    import keras

    name, arguments = optimizer

    program, model = program_of(DIGITS), digits()
    arrays = twins(program, model)
    made = partial(getattr(keras.optimizers, name), **arguments)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(made(), loss, metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")])
    training = engine.compile_training(program, arrays, cross_entropy(), made(), [accuracy()])
    for batch in batches(10):
        training.reset_metrics()
        training.step(batch)
        expected = model.train_on_batch(batch.inputs["x"], batch.targets["label"], return_dict=True)
        found = training.results()
        assert found["loss"] == pytest.approx(expected["loss"], rel=1e-4)
        model.reset_metrics()
        assert found["accuracy"] == expected["accuracy"]
    trained = training.arrays()
    for path, variable in pair_variables(program, model).items():
        np.testing.assert_allclose(trained[path], variable.numpy(), rtol=1e-3, atol=1e-4, err_msg=path)


def test_a_run_goes_on_from_a_snapshot(engine: Engine, program_of: Programs, start: Start, batches: Batches) -> None:
    import keras

    text = 'inputs: {x: "f32[N, 8]"}\nmodel: |\n  x -> (dense(8) -> dropout(0.5)) * 2 -> dense(3)\n'
    program = program_of(text)
    data = batches(4)

    def started() -> Any:
        schedule = keras.optimizers.schedules.ExponentialDecay(1e-2, 1, 0.5)
        return engine.compile_training(program, start(program, 1), cross_entropy(), keras.optimizers.Adam(schedule), [])

    whole, half = started(), started()
    for batch in data:
        whole.step(batch)
    for batch in data[:2]:
        half.step(batch)
    resumed = started()
    resumed.restore(half.snapshot())
    for batch in data[2:]:
        resumed.step(batch)
    assert resumed.learning_rate == whole.learning_rate == pytest.approx(1e-2 * 0.5**4)
    for path, array in whole.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[path], array, err_msg=path)
    with pytest.raises(ExecutionError, match="another model or optimizer"):
        resumed.restore({"weights/dense/kernel": np.zeros(3)})


def test_a_snapshot_with_other_loops_is_refused(engine: Engine, start: Start) -> None:
    import keras

    model = compile_spec('netwright: 1\ninputs: {x: "f32[N, 8]"}\nmodel: x -> dense(8) * 3\n')
    looped, laid_out = (
        engine.compile_training(program, start(program, 1), cross_entropy(), keras.optimizers.Adam(), [])
        for program in (Program(model, engine, Target(repeat=repeat)) for repeat in ("scan", "unroll"))
    )
    with pytest.raises(ExecutionError, match=r"other loops: \S+: found .*, expected shape") as refused:
        laid_out.restore(looped.snapshot())
    assert refused.value.help == "give the spec, --set, --engine and --repeat that the run began with"


def test_padding_weighs_nothing(engine: Engine, program_of: Programs, start: Start, batches: Batches) -> None:
    import keras

    program = program_of(DIGITS)
    arrays = start(program, 1)
    training = engine.compile_training(program, arrays, cross_entropy(), keras.optimizers.SGD(), [accuracy()])
    full = batches(1)[0]
    half = np.array([2.0] * 8 + [0.0] * 8, "float32")
    training.evaluate(Batch(full.inputs, full.targets, half))
    padded = training.results()
    training.reset_metrics()
    training.evaluate(Batch({"x": full.inputs["x"][:8]}, {"label": full.targets["label"][:8]}))
    assert padded["accuracy"] == pytest.approx(training.results()["accuracy"])


def test_the_learning_rate_can_be_set(engine: Engine, program_of: Programs, start: Start, batches: Batches) -> None:
    import keras

    program = program_of(DIGITS)
    arrays = start(program, 1)
    training = engine.compile_training(program, arrays, cross_entropy(), keras.optimizers.SGD(0.1), [])
    training.learning_rate = 0.0
    before = training.arrays()
    training.step(batches(1)[0])
    assert training.learning_rate == 0.0
    np.testing.assert_array_equal(training.arrays()["dense[0]/bias"], before["dense[0]/bias"])
