"""Programs against Keras models built by hand, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Batch, Engine, Metric
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.initialization import initial_arrays
from netwright.backends.xla.program import Program
from netwright.backends.xla.run import run
from netwright.backends.xla.weights import pair_variables

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
rng = np.random.default_rng(0)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(NAME, "cpu")


def program_of(engine: Engine, text: str) -> Program:
    return Program(compile_spec("netwright: 1\nname: t\n" + text), engine)


def given_to_keras(engine: Engine, program: Program, model: Any) -> dict[str, Any]:
    """First arrays, the same in the Keras model. Biases and statistics get values other than 0 and 1."""
    with engine.place():
        arrays = {path: engine.numpy(array) for path, array in initial_arrays(program, seed=7).items()}
    for path, variable in pair_variables(program, model).items():
        arrays[path] = arrays[path] + rng.uniform(0.1, 0.2, arrays[path].shape).astype("float32")
        variable.assign(arrays[path])
    return arrays


def outputs(engine: Engine, program: Program, arrays: dict[str, Any], **inputs: Any) -> list[Any]:
    found = engine.compile_forward(program)(*program.split(arrays), inputs)
    return [engine.numpy(found[name]) for name in program.outputs]


def assert_equal_outputs(engine: Engine, text: str, model: Any, **inputs: Any) -> None:
    program = program_of(engine, text)
    arrays = given_to_keras(engine, program, model)
    expected = model.predict_on_batch(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())))
    expected = expected if isinstance(expected, list) else [expected]
    for found, wanted in zip(outputs(engine, program, arrays, **inputs), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


# ---------------------------------------------------------------- forward

CONVOLUTIONAL = """
inputs: {x: "f32[N, 12, 12, 3]"}
layers: {S: dense(6)}
blocks:
  x -> conv_bn(n, strides=1): |
    x -> conv2d(n, 3, strides, padding=same) -> batch_normalization -> relu
  x -> residual(n): |
    x + (x -> conv_bn(n) -> conv_bn(n))
model: |
  y = x -> conv_bn(4) -> residual(4) * 2 -> max_pooling2d(2) -> conv_bn(6, 2)
  z = y -> global_average_pooling2d -> dense(6, activation=leaky_relu(0.1)) -> S -> S
  2 * z - 1 -> dense(3, activation=softmax)
"""


def convolutional() -> Any:
    from keras import Input, Model, layers

    shared = layers.Dense(6)

    def conv_bn(x: Any, n: int, strides: int = 1) -> Any:
        return layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(n, 3, strides, padding="same")(x)))

    x = Input((12, 12, 3))
    y = conv_bn(x, 4)
    for _ in range(2):
        y = y + conv_bn(conv_bn(y, 4), 4)
    y = conv_bn(layers.MaxPooling2D(2)(y), 6, 2)
    z = layers.Dense(6, activation=layers.LeakyReLU(0.1))(layers.GlobalAveragePooling2D()(y))
    return Model(x, layers.Dense(3, activation="softmax")(2 * shared(shared(z)) - 1))


def test_blocks_repeats_and_shared_layers(engine: Engine) -> None:
    assert_equal_outputs(engine, CONVOLUTIONAL, convolutional(), x=rng.random((4, 12, 12, 3), "float32"))


def test_masks_reach_later_layers(engine: Engine) -> None:
    from keras import Input, Model, layers

    text = """
inputs: {tokens: "i32[N, T]"}
model: |
  x = tokens -> embedding(20, 8, mask_zero=true) -> bidirectional(lstm(5, return_sequences=true))
  x = x -> gru(4, return_sequences=true) -> time_distributed(dense(3))
  (x, x) -> multi_head_attention(2, 3) -> global_average_pooling1d
""".replace("  x = x", "  y = x").replace("(x, x)", "(y, y)")
    tokens = Input((None,), dtype="int32")
    x = layers.Embedding(20, 8, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(5, return_sequences=True))(x)
    x = layers.TimeDistributed(layers.Dense(3))(layers.GRU(4, return_sequences=True)(x))
    model = Model(tokens, layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 3)(x, x)))
    given = np.array([[3, 4, 5, 0, 0], [1, 2, 0, 0, 0]], "int32")
    assert_equal_outputs(engine, text, model, tokens=given)


def test_states_go_by_keyword(engine: Engine) -> None:
    from keras import Input, Model, layers

    text = """
inputs: {x: "f32[N, T, 3]", y: "f32[N, U, 2]"}
model: |
  z, h, c = x -> lstm(4, return_state=true)
  y -> lstm(4, initial_state=[h, c])
"""
    x, y = Input((None, 3)), Input((None, 2))
    _, h, c = layers.LSTM(4, return_state=True)(x)
    model = Model([x, y], layers.LSTM(4)(y, initial_state=[h, c]))
    given = {"x": rng.random((2, 5, 3), "float32"), "y": rng.random((2, 6, 2), "float32")}
    assert_equal_outputs(engine, text, model, **given)


def test_functions_and_slices(engine: Engine) -> None:
    text = """
inputs: {q: "f32[N, T, 4]", k: "f32[N, U, 4]"}
outputs: [weights, first, shaped, places]
model: |
  scores = (q, k) -> einsum("btd,bud->btu")
  weights = scores / sqrt(4) -> softmax
  first = q[:, 0, ::2]
  shaped = q -> ops.reshape([q.shape[0], q.shape[1] * 4])
  places = arange(q.shape[1]) * 2
"""
    program = program_of(engine, text)
    q, k = rng.random((2, 3, 4), "float32"), rng.random((2, 5, 4), "float32")
    weights, first, shaped, places = outputs(engine, program, {}, q=q, k=k)
    scores = np.exp(np.einsum("btd,bud->btu", q, k) / 2)
    np.testing.assert_allclose(weights, scores / scores.sum(-1, keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(first, q[:, 0, ::2])
    np.testing.assert_array_equal(shaped, q.reshape(2, 12))
    np.testing.assert_array_equal(places, [0, 2, 4])


# ---------------------------------------------------------------- training

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


def batches(count: int) -> list[Batch]:
    pairs = [(rng.random((16, 8), "float32"), rng.integers(0, 3, 16)) for _ in range(count)]
    return [Batch({"x": x}, {"label": label}) for x, label in pairs]


@pytest.mark.parametrize(("optimizer", "rate"), [("SGD", 0.1), ("Adam", 0.01)])
def test_ten_steps_are_those_of_keras(engine: Engine, optimizer: str, rate: float) -> None:
    import keras

    program, model = program_of(engine, DIGITS), digits()
    arrays = given_to_keras(engine, program, model)
    # Adam divides by gradients: a large epsilon keeps those that are 0 but for rounding from taking whole steps
    made = {"SGD": keras.optimizers.SGD, "Adam": partial(keras.optimizers.Adam, epsilon=0.1)}[optimizer]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(made(rate), loss, metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")])
    training = engine.compile_training(program, arrays, cross_entropy(), made(rate), [accuracy()])
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


def test_a_run_goes_on_from_a_snapshot(engine: Engine) -> None:
    import keras

    text = 'inputs: {x: "f32[N, 8]"}\nmodel: |\n  x -> (dense(8) -> dropout(0.5)) * 2 -> dense(3)\n'
    program = program_of(engine, text)
    data = batches(4)

    def started() -> Any:
        with engine.place():
            arrays = initial_arrays(program, seed=1)
        schedule = keras.optimizers.schedules.ExponentialDecay(1e-2, 1, 0.5)
        return engine.compile_training(program, arrays, cross_entropy(), keras.optimizers.Adam(schedule), [])

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


def test_padding_weighs_nothing(engine: Engine) -> None:
    import keras

    program = program_of(engine, DIGITS)
    with engine.place():
        arrays = initial_arrays(program, seed=1)
    training = engine.compile_training(program, arrays, cross_entropy(), keras.optimizers.SGD(), [accuracy()])
    full = batches(1)[0]
    half = np.array([2.0] * 8 + [0.0] * 8, "float32")
    training.evaluate(Batch(full.inputs, full.targets, half))
    padded = training.results()
    training.reset_metrics()
    training.evaluate(Batch({"x": full.inputs["x"][:8]}, {"label": full.targets["label"][:8]}))
    assert padded["accuracy"] == pytest.approx(training.results()["accuracy"])


def test_the_learning_rate_can_be_set(engine: Engine) -> None:
    import keras

    program = program_of(engine, DIGITS)
    with engine.place():
        arrays = initial_arrays(program, seed=1)
    training = engine.compile_training(program, arrays, cross_entropy(), keras.optimizers.SGD(0.1), [])
    training.learning_rate = 0.0
    before = training.arrays()
    training.step(batches(1)[0])
    assert training.learning_rate == 0.0
    np.testing.assert_array_equal(training.arrays()["dense[0]/bias"], before["dense[0]/bias"])


# ---------------------------------------------------------------- first values


def test_the_seed_decides_the_first_values_of_each_copy(engine: Engine) -> None:
    program = program_of(engine, 'inputs: {x: "f32[N, 4]"}\nmodel: |\n  x -> (dense(4) -> dropout(0.5)) * 2\n')
    with engine.place():
        one, again, other = (initial_arrays(program, seed) for seed in (0, 0, 1))
    kernels = ["repeat[0]/dense/kernel", "repeat[1]/dense/kernel"]
    for path in [*kernels, "repeat[0]/dropout/seed_generator_state"]:
        np.testing.assert_array_equal(engine.numpy(one[path]), engine.numpy(again[path]))
        assert not np.array_equal(engine.numpy(one[path]), engine.numpy(other[path]))
    assert not np.array_equal(engine.numpy(one[kernels[0]]), engine.numpy(one[kernels[1]]))


@pytest.mark.parametrize(
    "stage", ["x -> lstm(64)", "x -> gru(64)", "x -> conv1d(64, 2)", "(x, x) -> multi_head_attention(4, 32)"]
)
def test_first_values_are_spread_as_those_of_keras(engine: Engine, stage: str) -> None:
    import keras

    from netwright.backends.keras.objects import keras_object

    program = program_of(engine, f'inputs: {{x: "f32[N, 6, 64]"}}\nmodel: |\n  {stage}\n')
    with engine.place():
        arrays = initial_arrays(program, seed=3)
    node: Any = program.graph.nodes[0]
    layer = keras_object(node.op)
    layer(*(keras.ops.zeros([2, 6, 64]) for _ in node.operands))
    for place, variable in zip(program.weight_places, layer.weights, strict=True):
        found, expected = engine.numpy(arrays[place.path]), keras.ops.convert_to_numpy(variable)
        assert found.shape == expected.shape
        assert found.mean() == pytest.approx(expected.mean(), abs=0.01), place.path
        assert found.std() == pytest.approx(expected.std(), rel=0.1), place.path


# ---------------------------------------------------------------- run


def test_run_takes_and_gives_arrays_by_name(engine: Engine) -> None:
    text = """netwright: 1
name: t
inputs: {x: "f32[N, 3]", n: "i64[N]"}
outputs: [y, m]
model: |
  y = x -> dense(2)
  m = n + 1
"""
    given = {"n": np.array([1, 2]), "x": np.ones((2, 3))}
    found = run(compile_spec(text), given, engine=NAME, seed=1)
    assert list(found) == ["y", "m"]
    assert found["y"].shape == (2, 2)
    assert found["m"].dtype == np.int64
    np.testing.assert_array_equal(found["m"], [2, 3])
    again = run(compile_spec(text), given, engine=NAME, seed=1)
    np.testing.assert_array_equal(found["y"], again["y"])


def test_the_other_engine_needs_another_process(engine: Engine) -> None:
    other = {"jax": "tensorflow", "tensorflow": "jax"}[NAME]
    with pytest.raises(ExecutionError, match=f"needs Keras on {other}, but this process has imported Keras on {NAME}"):
        load_engine(other)


def test_a_device_that_is_not_there_is_said(engine: Engine) -> None:
    with pytest.raises(ExecutionError, match="there is no device 'quantum'"):
        load_engine(NAME, "quantum")


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there may be a GPU here")
def test_a_missing_gpu_is_said(engine: Engine) -> None:
    with pytest.raises(ExecutionError, match="sees no gpu here, it sees: cpu"):
        load_engine(NAME, "gpu")
