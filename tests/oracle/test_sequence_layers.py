"""Recurrent, attention and wrapper layers against the installed Keras: what runs give, weights, call-time tensors, and
what is refused. (Signatures: `test_signatures.py`.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from netwright.compiler.dtypes import from_keras_dtype, keras_dtype
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras

Shape = tuple[int, ...]
Layer = tuple[str, dict[str, Any]]


def layer(name: str, **arguments: Any) -> Layer:
    return name, arguments


LSTM4, GRU4 = layer("LSTM", units=4), layer("GRU", units=4)
LSTM_CELL, GRU_CELL = layer("LSTMCell", units=4), layer("GRUCell", units=3)
BOTH = {"return_sequences": True, "return_state": True}
#: layer, operand shapes, call-time arguments (shapes are masks of bool where the name has 'mask', else f32 states)
RUNS: list[tuple[Layer, Sequence[Shape], dict[str, Any]]] = [
    (layer("SimpleRNN", units=4, use_bias=False, go_backwards=True), [(2, 5, 3)], {"mask": (2, 5)}),
    (layer("SimpleRNN", units=4, return_sequences=True, unroll=True), [(2, 5, 3)], {"initial_state": [(2, 4)]}),
    (layer("LSTM", units=4, **BOTH), [(2, 5, 3)], {"initial_state": [(2, 4), (2, 4)], "mask": (2, 5)}),
    (layer("LSTM", units=4, stateful=True, unit_forget_bias=False), [(2, 5, 3)], {}),
    (layer("LSTM", units=4, recurrent_dropout=0.5, dropout=0.1, trainable=False), [(2, 5, 3)], {}),
    (layer("GRU", units=4, return_state=True), [(2, 5, 3)], {"initial_state": (2, 4)}),
    (layer("GRU", units=4, reset_after=False, return_sequences=True), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=layer("LSTM", units=4, **BOTH)), [(2, 5, 3)], {"initial_state": [(2, 4)] * 4}),
    (layer("Bidirectional", layer=GRU4, merge_mode=None), [(2, 5, 3)], {"mask": (2, 5)}),
    (layer("Bidirectional", layer=LSTM4, merge_mode="ave"), [(2, 5, 3)], {}),
    (
        layer(
            "Bidirectional",
            layer=layer("LSTM", units=4, return_state=True),
            backward_layer=layer("GRU", units=6, return_state=True, go_backwards=True),
        ),
        [(2, 5, 3)],
        {},
    ),
    (layer("Bidirectional", layer=layer("GRU", units=4, return_state=True), dtype="float16"), [(2, 5, 3)], {}),
    (layer("SimpleRNNCell", units=4), [(2, 3)], {"states": (2, 4)}),
    (layer("GRUCell", units=4, reset_after=False, use_bias=False), [(2, 3)], {"states": [(2, 4)]}),
    (layer("LSTMCell", units=4, dropout=0.2), [(2, 3)], {"states": [(2, 4), (2, 4)]}),
    (
        layer("StackedRNNCells", cells=(GRU_CELL, layer("SimpleRNNCell", units=5))),
        [(2, 3)],
        {"states": [(2, 3), (2, 5)]},
    ),
    (layer("RNN", cell=LSTM_CELL, unroll=True, **BOTH), [(2, 5, 3)], {"initial_state": [(2, 4), (2, 4)]}),
    (layer("RNN", cell=(LSTM_CELL, GRU_CELL), return_state=True), [(2, 5, 3)], {"mask": (2, 5)}),
    (layer("RNN", cell=(GRU_CELL, GRU_CELL), stateful=True), [(2, 5, 3)], {"initial_state": [(2, 3), (2, 3)]}),
    (layer("RNN", cell=layer("StackedRNNCells", cells=(LSTM_CELL, GRU_CELL)), go_backwards=True), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=layer("RNN", cell=(LSTM_CELL, GRU_CELL), **BOTH)), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=layer("ConvLSTM1D", filters=4, kernel_size=2, **BOTH)), [(2, 3, 6, 2)], {}),
    (layer("ConvLSTM2D", filters=4, kernel_size=3, strides=2, **BOTH), [(2, 3, 7, 8, 2)], {}),
    (
        layer("ConvLSTM2D", filters=4, kernel_size=3, data_format="channels_first", unit_forget_bias=False),
        [(2, 3, 2, 7, 8)],
        {"initial_state": [(2, 4, 5, 6)] * 2},
    ),
    (layer("ConvLSTM3D", filters=2, kernel_size=2, use_bias=False, stateful=True), [(2, 3, 4, 4, 4, 2)], {}),
    (layer("SpectralNormalization", layer=layer("Dense", units=4)), [(2, 3)], {}),
    (layer("SpectralNormalization", layer=layer("Dense", units=4, dtype="float16")), [(2, 3)], {}),
    (layer("SpectralNormalization", layer=layer("Conv2DTranspose", filters=4, kernel_size=2)), [(2, 5, 5, 3)], {}),
    (layer("SpectralNormalization", layer=layer("DepthwiseConv1D", kernel_size=2)), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("SpectralNormalization", layer=layer("Dense", units=4))), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("RNN", cell=LSTM_CELL)), [(2, 4, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("ConvLSTM1D", filters=4, kernel_size=2)), [(2, 4, 3, 6, 2)], {}),
    (layer("TimeDistributed", layer=layer("Dense", units=4)), [(2, 5, 3)], {"mask": (2, 5)}),
    (layer("TimeDistributed", layer=layer("Conv2D", filters=4, kernel_size=2)), [(2, 3, 5, 6, 3)], {}),
    (layer("TimeDistributed", layer=layer("Dense", units=4, dtype="float16")), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("Dense", units=4), dtype="float16"), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("BatchNormalization")), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("Bidirectional", layer=LSTM4)), [(2, 5, 6, 3)], {}),
    (layer("TimeDistributed", layer=LSTM4), [(2, 5, 6, 3)], {"mask": (2, 5, 6)}),
    (layer("TimeDistributed", layer=layer("Reshape", target_shape=(3, 1))), [(2, 5, 3)], {}),
    (layer("Attention", use_scale=True), [(2, 5, 6), (2, 7, 4), (2, 7, 6)], {"return_attention_scores": True}),
    (layer("Attention", score_mode="concat"), [(2, 5, 6), (2, 7, 6)], {"mask": [(2, 5), (2, 7)]}),
    (layer("Attention"), [(2, 6), (2, 7, 6)], {"return_attention_scores": True}),
    (layer("Attention"), [(3, 6), (4, 6)], {"return_attention_scores": True, "use_causal_mask": True}),
    (layer("Attention"), [(2, 3, 5, 6), (2, 3, 7, 6)], {"mask": [None, (2, 3, 1, 7)]}),
    (layer("Attention"), [(2, 5, 6), (1, 7, 6)], {"use_causal_mask": True, "mask": [None, (2, 7)]}),
    (layer("AdditiveAttention"), [(2, 5, 6), (2, 7, 4), (2, 7, 6)], {"return_attention_scores": True}),
    (layer("AdditiveAttention", use_scale=False, dropout=0.2), [(2, 5, 6), (2, 7, 6)], {"mask": [(2, 5), None]}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 7, 8), (2, 7, 9)], {}),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, value_dim=4, use_gate=True, dropout=0.1),
        [(2, 5, 6), (2, 7, 8)],
        {"return_attention_scores": True, "attention_mask": (2, 1, 7)},
    ),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, use_bias=False, output_shape=(4, 5), sliding_window=2),
        [(2, 5, 6), (2, 5, 6)],
        {"use_causal_mask": True, "query_mask": (2, 5), "value_mask": (2, 5)},
    ),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3),
        [(2, 5, 4, 6), (2, 3, 7, 6)],
        {"return_attention_scores": True, "attention_mask": (2, 5, 4, 3, 7)},
    ),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, attention_axes=(2,), output_shape=9),
        [(2, 5, 4, 6), (2, 5, 7, 6)],
        {"return_attention_scores": True},
    ),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, attention_axes=1),
        [(2, 5, 4, 6), (2, 7, 4, 6)],
        {"return_attention_scores": True, "use_causal_mask": True},
    ),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3, dtype="float16"), [(2, 5, 6), (2, 7, 6)], {}),
    (
        layer("GroupQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=2, use_gate=True),
        [(2, 5, 6), (2, 7, 6), (2, 7, 9)],
        {"return_attention_scores": True, "attention_mask": (5, 7)},
    ),
    (
        layer("GroupQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=1, use_bias=False),
        [(2, 5, 6), (2, 7, 6)],
        {"use_causal_mask": True},
    ),
]


def in_keras(value: Any) -> Any:
    import keras

    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        name, arguments = value
        return getattr(keras.layers, name)(**{key: in_keras(item) for key, item in arguments.items()})
    return tuple(map(in_keras, value)) if isinstance(value, tuple) else value


def in_catalogue(value: Any, call: dict[str, Any]) -> Any:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], dict):
        name, arguments = value
        cls = find_operator(name)
        assert cls is not None
        return cls.make(**{key: in_catalogue(item, {}) for key, item in arguments.items()}, **call)
    return tuple(in_catalogue(item, {}) for item in value) if isinstance(value, tuple) else value


def split_call(call: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Call-time shapes, and call-time values."""
    values = {name: item for name, item in call.items() if isinstance(item, bool)}
    return {name: item for name, item in call.items() if name not in values}, values


def over(shapes: Any, make: Callable[[Shape], Any], several: Callable[[list[Any]], Any]) -> Any:
    """One of `make` for each shape, in the nesting of `shapes`."""
    return several([item and make(item) for item in shapes]) if isinstance(shapes, list) else make(shapes)


def types_of(tensors: Any) -> list[tuple[str, Shape]]:
    import keras

    items = keras.tree.flatten(tensors)
    return [(from_keras_dtype(keras.backend.standardize_dtype(each.dtype)), tuple(each.shape)) for each in items]


@pytest.mark.parametrize(("given", "shapes", "call"), RUNS, ids=lambda item: item[0] if isinstance(item, tuple) else "")
def test_a_run_gives_what_is_inferred(given: Layer, shapes: Sequence[Shape], call: dict[str, Any]) -> None:
    import keras

    tensors, values = split_call(call)
    op: Op = in_catalogue(given, values)
    operands = [op.prepare(TensorType("f32", shape)) for shape in shapes]

    def dtype(name: str) -> str:
        return "bool" if "mask" in name else "f32"

    types = {name: over(item, lambda s, n=name: TensorType(dtype(n), s), tuple) for name, item in tensors.items()}
    arrays = {
        name: over(item, lambda s, n=name: keras.ops.ones(s, keras_dtype(dtype(n))), list)
        for name, item in tensors.items()
    }
    inputs = [keras.ops.ones(shape) for shape in shapes]
    real = in_keras(given)
    outputs = real(*([inputs] if op.convention == "list" else inputs), **arrays, **values)

    inferred = op.infer(*operands, **types)
    found = inferred if isinstance(inferred, tuple) else (inferred,)
    assert [(each.dtype, each.shape) for each in found] == types_of(outputs)
    weights = list(op.weights(*operands, **types))
    assert [(each.name.rpartition("/")[2], each.shape, keras_dtype(each.dtype)) for each in weights] == [
        (each.name, tuple(each.shape), each.dtype) for each in real.weights
    ]
    if op.trainable:  # type: ignore[attr-defined]
        assert [each.trainable for each in weights] == [each.trainable for each in real.weights]


def test_names_of_nested_weights_are_the_ends_of_keras_paths() -> None:
    op: Op = in_catalogue(layer("MultiHeadAttention", num_heads=2, key_dim=3, use_gate=True), {})
    x = TensorType("f32", (2, 5, 6))
    real = in_keras(layer("MultiHeadAttention", num_heads=2, key_dim=3, use_gate=True))
    real.build((2, 5, 6), (2, 5, 6))
    assert [each.name for each in op.weights(x, x)] == ["/".join(each.path.split("/")[-2:]) for each in real.weights]


def test_the_forget_gate_starts_open() -> None:
    """LSTM's bias is its initializer's, with ones for the forget gate (Jozefowicz et al. 2015)."""
    op: Op = in_catalogue(layer("LSTM", units=2, bias_initializer="zeros"), {})
    bias = list(op.weights(TensorType("f32", (2, 5, 3))))[2]
    parts = [(size, getattr(item, "name_in_flow", item)) for size, item in bias.initializer.parts]
    assert parts == [(2, "zeros"), (2, "ones"), (4, "zeros")]
    real = in_keras(layer("LSTM", units=2))
    real.build((2, 5, 3))
    assert real.weights[2].numpy().tolist() == [0, 0, 1, 1, 0, 0, 0, 0]


#: what Keras refuses when it makes or calls the layer
REFUSED: list[tuple[Layer, Sequence[Shape], dict[str, Any]]] = [
    (layer("LSTM", units=0), [(2, 5, 3)], {}),
    (layer("LSTM", units=4, use_cudnn="maybe"), [(2, 5, 3)], {}),
    (LSTM4, [(2, 3)], {}),
    (LSTM4, [(2, 5, 3)], {"initial_state": [(2, 4)]}),
    (LSTM4, [(2, 5, 3)], {"initial_state": [(2, 4)] * 3}),
    (GRU4, [(2, 5, 3)], {"initial_state": (2, 5)}),
    (layer("SimpleRNN", units=4), [(2, 5, 3)], {"mask": (2, 4)}),
    (layer("SimpleRNN", units=4), [(2, 5, 3)], {"mask": (2, 1)}),
    (layer("Bidirectional", layer=layer("Dense", units=4)), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=LSTM4, merge_mode="max"), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=layer("GRU", units=4, go_backwards=True)), [(2, 5, 3)], {}),
    (layer("Bidirectional", layer=GRU4, backward_layer=GRU4), [(2, 5, 3)], {}),
    (
        layer("Bidirectional", layer=LSTM4, backward_layer=layer("GRU", units=6, go_backwards=True), merge_mode="sum"),
        [(2, 5, 3)],
        {},
    ),
    (layer("Bidirectional", layer=LSTM4), [(2, 5, 3)], {"initial_state": [(2, 4)] * 2}),
    (layer("RNN", cell=LSTM4), [(2, 5, 3)], {}),
    (layer("RNN", cell=()), [(2, 5, 3)], {}),
    (layer("RNN", cell=LSTM_CELL), [(2, 4, 5, 3)], {}),
    (layer("RNN", cell=LSTM_CELL), [(2, 5, 3)], {"initial_state": [(2, 4)]}),
    (LSTM_CELL, [(2, 3)], {}),
    (GRU_CELL, [(2, 3)], {"states": [(2, 5)]}),
    (GRU_CELL, [(2, 5, 3)], {"states": [(2, 3)]}),
    (layer("ConvLSTM2D", filters=4, kernel_size=3), [(2, 7, 8, 2)], {}),
    (layer("ConvLSTM2D", filters=4, kernel_size=9), [(2, 3, 7, 8, 2)], {}),
    (layer("ConvLSTM2D", filters=4, kernel_size=3, strides=0), [(2, 3, 7, 8, 2)], {}),
    (layer("ConvLSTM2D", filters=4, kernel_size=2, strides=2, dilation_rate=2), [(2, 3, 7, 8, 2)], {}),
    (layer("SpectralNormalization", layer=LSTM4), [(2, 5, 3)], {}),
    (layer("SpectralNormalization", layer=layer("SeparableConv1D", filters=2, kernel_size=2)), [(2, 5, 3)], {}),
    (layer("SpectralNormalization", layer=layer("Dense", units=4), power_iterations=0), [(2, 3)], {}),
    (layer("TimeDistributed", layer=LSTM_CELL), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("Dense", units=4)), [(2, 3)], {}),
    (layer("TimeDistributed", layer=layer("Add")), [(2, 5, 3)], {}),
    (layer("TimeDistributed", layer=layer("MultiHeadAttention", num_heads=2, key_dim=2)), [(2, 5, 3, 4)], {}),
    (layer("TimeDistributed", layer=layer("Dense", units=4)), [(2, 5, 3)], {"mask": (2, 4)}),
    (layer("TimeDistributed", layer=LSTM4), [(2, 5, 6, 3)], {"mask": (2, 5)}),
    (layer("Attention"), [(2, 5, 6), (2, 7, 4)], {}),
    (layer("Attention"), [(2, 5, 6), (2, 3, 4), (2, 7, 6)], {}),
    (layer("Attention"), [(2, 5, 6), (2, 7, 6)], {"mask": [(2, 5)]}),
    (layer("Attention"), [(2, 5, 6), (2, 7, 6)], {"mask": [(2, 7), (2, 5)]}),
    (layer("Attention", score_mode="sum"), [(2, 5, 6), (2, 7, 6)], {}),
    (layer("AdditiveAttention"), [(2, 5, 6), (2, 7, 4)], {}),
    (layer("AdditiveAttention"), [(3, 2, 5, 6), (2, 5, 7, 6)], {}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 6), (2, 6)], {}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 4, 7, 6)], {}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (3, 7, 6)], {}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 7, 8), (2, 6, 8)], {}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 7, 6)], {"attention_mask": (2, 4, 7)}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 7, 6)], {"attention_mask": (7,)}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 6), (2, 7, 6)], {"value_mask": (2, 5)}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3), [(2, 5, 4, 6), (2, 5, 4, 6)], {"use_causal_mask": True}),
    (layer("MultiHeadAttention", num_heads=2, key_dim=3, dropout=2.0), [(2, 5, 6), (2, 7, 6)], {}),
    (
        layer("MultiHeadAttention", num_heads=2, key_dim=3, dropout=0.5, flash_attention=True),
        [(2, 5, 6), (2, 7, 6)],
        {},
    ),
    (
        layer("GroupQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=3),
        [(2, 5, 6), (2, 7, 6)],
        {},
    ),
    (
        layer("GroupQueryAttention", head_dim=3, num_query_heads=4, num_key_value_heads=2),
        [(2, 5, 4, 6), (2, 5, 4, 6)],
        {},
    ),
]


@pytest.mark.parametrize(
    ("given", "shapes", "call"), REFUSED, ids=lambda item: item[0] if isinstance(item, tuple) else ""
)
def test_what_keras_refuses_is_refused(given: Layer, shapes: Sequence[Shape], call: dict[str, Any]) -> None:
    tensors, values = split_call(call)
    with pytest.raises((OpError, AttributeFault)):
        in_catalogue(given, values).infer(
            *(TensorType("f32", shape) for shape in shapes),
            **{name: over(item, lambda shape: TensorType("bool", shape), tuple) for name, item in tensors.items()},
        )
    with pytest.raises(Exception):  # noqa: B017, PT011  # each backend has errors of its own
        call_keras(given, shapes, tensors, values)


def call_keras(given: Layer, shapes: Sequence[Shape], tensors: dict[str, Any], values: dict[str, Any]) -> Any:
    import keras

    inputs = [keras.ops.ones(shape) for shape in shapes]
    arrays = {name: over(item, lambda shape: keras.ops.ones(shape, "bool"), list) for name, item in tensors.items()}
    one_list = given[0] in ("Attention", "AdditiveAttention")
    return in_keras(given)(*([inputs] if one_list else inputs), **arrays, **values)
