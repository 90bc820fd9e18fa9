"""Forward passes and first values against Keras, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program

pytestmark = pytest.mark.keras
Programs = Callable[[str], Program]
Start = Callable[[Program, int], dict[str, Any]]
Twins = Callable[[Program, Any], dict[str, Any]]
Compare = Callable[..., None]


@pytest.fixture
def assert_equal_outputs(engine: Engine, program_of: Programs, twins: Twins) -> Compare:
    """A spec and a Keras model give the same on these inputs."""

    def compare(text: str, model: Any, **inputs: Any) -> None:
        program = program_of(text)
        arrays = twins(program, model)
        expected = model.predict_on_batch(list(inputs.values()) if len(inputs) > 1 else next(iter(inputs.values())))
        expected = expected if isinstance(expected, list) else [expected]
        for found, wanted in zip(outputs(engine, program, arrays, **inputs), expected, strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)

    return compare


def outputs(engine: Engine, program: Program, arrays: dict[str, Any], **inputs: Any) -> list[Any]:
    found = engine.compile_forward(program)(*program.split(arrays), inputs)
    return [engine.numpy(found[name]) for name in program.outputs]


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


def test_blocks_repeats_and_shared_layers(assert_equal_outputs: Compare, rng: Any) -> None:
    assert_equal_outputs(CONVOLUTIONAL, convolutional(), x=rng.random((4, 12, 12, 3), "float32"))


def test_masks_reach_later_layers(assert_equal_outputs: Compare) -> None:
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
    assert_equal_outputs(text, model, tokens=given)


def test_states_go_by_keyword(assert_equal_outputs: Compare, rng: Any) -> None:
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
    assert_equal_outputs(text, model, **given)


def test_functions_and_slices(engine: Engine, program_of: Programs, rng: Any) -> None:
    text = """
inputs: {q: "f32[N, T, 4]", k: "f32[N, U, 4]"}
outputs: [weights, first, shaped, places, flat]
model: |
  scores = (q, k) -> einsum("btd,bud->btu")
  weights = scores / sqrt(4) -> softmax
  first = q[:, 0, ::2]
  shaped = q -> ops.reshape([q.shape[0], q.shape[1] * 4])
  places = arange(q.shape[1]) * 2
  flat = q -> reshape([q.shape[1] * 4])
"""
    program = program_of(text)
    q, k = rng.random((2, 3, 4), "float32"), rng.random((2, 5, 4), "float32")
    weights, first, shaped, places, flat = outputs(engine, program, {}, q=q, k=k)
    scores = np.exp(np.einsum("btd,bud->btu", q, k) / 2)
    np.testing.assert_allclose(weights, scores / scores.sum(-1, keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(first, q[:, 0, ::2])
    for found in (shaped, flat):
        np.testing.assert_array_equal(found, q.reshape(2, 12))
    np.testing.assert_array_equal(places, [0, 2, 4])


# ---------------------------------------------------------------- first values


def test_the_seed_decides_the_first_values_of_each_copy(program_of: Programs, start: Start) -> None:
    program = program_of('inputs: {x: "f32[N, 4]"}\nmodel: |\n  x -> (dense(4) -> dropout(0.5)) * 2\n')
    one, again, other = (start(program, seed) for seed in (0, 0, 1))
    kernels = ["repeat[0]/dense/kernel", "repeat[1]/dense/kernel"]
    for path in [*kernels, "repeat[0]/dropout/seed_generator_state"]:
        np.testing.assert_array_equal(one[path], again[path])
        assert not np.array_equal(one[path], other[path])
    assert not np.array_equal(one[kernels[0]], one[kernels[1]])


@pytest.mark.parametrize(
    "stage", ["x -> lstm(64)", "x -> gru(64)", "x -> conv1d(64, 2)", "(x, x) -> multi_head_attention(4, 32)"]
)
def test_first_values_are_spread_as_those_of_keras(program_of: Programs, start: Start, stage: str) -> None:
    import keras

    from netwright.backends.keras.objects import keras_object

    program = program_of(f'inputs: {{x: "f32[N, 6, 64]"}}\nmodel: |\n  {stage}\n')
    arrays = start(program, 3)
    node: Any = program.graph.nodes[0]
    layer = keras_object(node.op)
    layer(*(keras.ops.zeros([2, 6, 64]) for _ in node.operands))
    for place, variable in zip(program.layout.weights, layer.weights, strict=True):
        found, expected = arrays[place.path], keras.ops.convert_to_numpy(variable)
        assert found.shape == expected.shape
        assert found.mean() == pytest.approx(expected.mean(), abs=0.01), place.path
        assert found.std() == pytest.approx(expected.std(), rel=0.1), place.path
