"""Core, normalization, activation, dropout and merging layers, and the activations, against the installed Keras:
shapes, dtypes and weights of symbolic calls, and what runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from netwright.api import SpecError, compile as compile_spec
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ops.activation_values import is_activation
from netwright.compiler.ops.activations import ACTIVATIONS
from netwright.compiler.ops.configuration import CONFIGURATIONS
from netwright.compiler.ops.einsum_dense import EinsumDense
from netwright.compiler.ops.op import Op
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras

Shape = tuple[int | None, ...]
Ask = Callable[..., Any]

#: layer, arguments, input shapes: what the truth file has little of
CALLS: list[tuple[str, dict[str, Any], Sequence[Shape]]] = [
    ("Dense", {"units": 5, "lora_rank": 2}, [(None, 7)]),
    ("Dense", {"units": 5, "dtype": "float16", "lora_rank": 2, "trainable": False}, [(None, None, 7)]),
    ("Dense", {"units": 5, "bias_initializer": None}, [(4, 7)]),
    ("EinsumDense", {"equation": "abc,cd->abd", "output_shape": (None, 4), "bias_axes": "d"}, [(None, None, 6)]),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 4, "bias_axes": "y"}, [(None, 5, 6)]),
    ("EinsumDense", {"equation": "ab...,bc->ac...", "output_shape": 4, "bias_axes": "c"}, [(None, 5, 6, 7)]),
    ("EinsumDense", {"equation": "aecd,abcd->acbe", "output_shape": (3, 4, 5)}, [(2, 5, 3, 6)]),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 8, 64), "bias_axes": "de"}, [(None, 9, 16)]),
    ("EinsumDense", {"equation": "abc,bcd->ad", "output_shape": (8,), "lora_rank": 3}, [(None, 9, 16)]),
    ("Embedding", {"input_dim": 10, "output_dim": 4, "lora_rank": 2}, [(None, None)]),
    ("Embedding", {"input_dim": 10, "output_dim": 4, "dtype": "float16"}, [(None,)]),
    ("ReversibleEmbedding", {"input_dim": 10, "output_dim": 4, "tie_weights": False}, [(None, 7)]),
    ("BatchNormalization", {"axis": 1, "renorm": True, "moving_variance_initializer": "zeros"}, [(None, 3, None)]),
    ("BatchNormalization", {"scale": False, "dtype": "float16"}, [(None, 4, 3)]),
    ("BatchNormalization", {"trainable": False}, [(None, 3)]),
    ("LayerNormalization", {"axis": (-1, 1)}, [(None, 3, 4, 5)]),
    ("LayerNormalization", {"axis": (2, 1), "center": False}, [(None, 3, 4)]),
    ("GroupNormalization", {"groups": 2, "axis": 1}, [(None, 4, None)]),
    ("RMSNormalization", {"axis": (1, 2)}, [(None, 3, 4)]),
    ("PReLU", {"shared_axes": (1, 2)}, [(None, None, None, 4)]),
    ("Concatenate", {"axis": 0}, [(2, 3), (4, 3)]),
    ("Concatenate", {"axis": 1}, [(None, None, 3), (None, 4, 3)]),
    ("Add", {}, [(None, 1, 3), (None, 5, 1), (None, 3)]),
    ("Multiply", {}, [(None, None, 3), (None, 4, 1)]),
    ("Dot", {"axes": (2, 1)}, [(None, 3, 4, 5), (None, 4, 6)]),
    ("Dot", {"axes": -1, "normalize": True}, [(None, 5), (None, 5)]),
    ("Softmax", {"axis": (1, 2)}, [(None, 3, 4)]),
    ("SpatialDropout2D", {"rate": 0.5, "data_format": "channels_first"}, [(None, 3, None, None)]),
]

#: layer, arguments, input shapes, dtypes: where a run gives another dtype or shape than Keras infers
RUNS: list[tuple[str, dict[str, Any], Sequence[tuple[int, ...]], Sequence[str]]] = [
    ("Dense", {"units": 3}, [(2, 4)], ["i32"]),
    ("EinsumDense", {"equation": "...x,xy->...y", "output_shape": 3}, [(2, 4, 5, 6)], ["f32"]),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (None, 8, 4)}, [(2, 4, 5)], ["f32"]),
    ("BatchNormalization", {}, [(2, 4)], ["i32"]),
    ("LayerNormalization", {}, [(2, 4)], ["i32"]),
    ("GroupNormalization", {"groups": 2}, [(2, 4)], ["u8"]),
    ("ReLU", {}, [(2, 4)], ["i32"]),
    ("LeakyReLU", {}, [(2, 4)], ["i32"]),
    ("Masking", {}, [(2, 4)], ["i32"]),
    ("Masking", {}, [(2, 4)], ["bool"]),
    ("Identity", {}, [(2, 4)], ["bool"]),
    ("Activation", {"activation": "tanh"}, [(2, 4)], ["i32"]),
    ("Add", {}, [(2, 4), (2, 4)], ["i32", "i32"]),
    ("Add", {}, [(2, 4), (2, 4)], ["f16", "i32"]),
    ("Add", {"dtype": "float16"}, [(2, 4), (2, 4)], ["f32", "f16"]),
    ("Maximum", {}, [(2, 4), (2, 4)], ["u8", "i16"]),
    ("Average", {}, [(2, 4), (2, 4)], ["f32", "i32"]),
    ("Concatenate", {}, [(2, 4), (2, 4)], ["bool", "i32"]),
    ("Dot", {"axes": 1}, [(2, 4), (2, 4)], ["i32", "i32"]),
]


@pytest.mark.parametrize(("name", "arguments", "shapes"), CALLS)
def test_shape_and_weights_are_keras(name: str, arguments: dict[str, Any], shapes: Sequence[Shape], ask: Ask) -> None:
    import keras

    layer = getattr(keras.layers, name)(**arguments)
    dtype = "int32" if name.endswith("Embedding") else "float32"
    inputs = [keras.KerasTensor(shape, dtype) for shape in shapes]
    output = layer(inputs if len(inputs) > 1 else inputs[0])
    answer = ask(name, arguments, shapes, "i32" if dtype == "int32" else "f32")
    assert not answer.refusal
    found = answer.outputs[0].shape
    assert len(found) == len(output.shape)
    assert all(want in (None, dim) for dim, want in zip(found, output.shape, strict=True))  # unknown: see the runs
    assert keras_dtype(answer.outputs[0].dtype) == output.dtype
    assert [(each.name, each.shape, each.trainable, keras_dtype(each.dtype)) for each in answer.weights] == [
        (each.name, tuple(each.shape), each.trainable, each.dtype) for each in layer.weights
    ]


@pytest.mark.parametrize(("name", "arguments", "shapes", "dtypes"), RUNS)
def test_a_run_gives_what_is_inferred(
    name: str, arguments: dict[str, Any], shapes: Sequence[tuple[int, ...]], dtypes: Sequence[str]
) -> None:
    import keras

    inputs = [keras.ops.ones(shape, keras_dtype(dtype)) for shape, dtype in zip(shapes, dtypes, strict=True)]
    output = getattr(keras.layers, name)(**arguments)(inputs if len(inputs) > 1 else inputs[0])
    op = _make(f"layers.{name}", **arguments)
    inferred = op.infer(*(op.prepare(TensorType(dtype, shape)) for shape, dtype in zip(shapes, dtypes, strict=True)))
    assert isinstance(inferred, TensorType)
    assert (inferred.shape, keras_dtype(inferred.dtype)) == (
        tuple(output.shape),
        keras.backend.standardize_dtype(output.dtype),
    )


def _make(keras_name: str, **arguments: Any) -> Op:
    return next(cls for cls in OPERATORS.values() if cls.keras == keras_name).make(**arguments)


@pytest.mark.parametrize("reverse_dtype", [None, "float16"])
def test_a_reversed_embedding_gives_logits(reverse_dtype: str | None) -> None:
    import keras

    layer = keras.layers.ReversibleEmbedding(10, 4, reverse_dtype=reverse_dtype)
    output = layer(keras.ops.ones((2, 3, 4), "float16"), reverse=True)
    op = _make("layers.ReversibleEmbedding", input_dim=10, output_dim=4, reverse_dtype=reverse_dtype, reverse=True)
    inferred = op.infer(op.prepare(TensorType("f16", (2, 3, 4))))
    assert isinstance(inferred, TensorType)
    assert (inferred.shape, keras_dtype(inferred.dtype)) == (
        tuple(output.shape),
        keras.backend.standardize_dtype(output.dtype),
    )


def test_the_fans_of_an_einsum_are_keras() -> None:
    import keras

    layer = keras.layers.EinsumDense("abc,cde->abde", (None, 8, 4))
    layer.build((None, 5, 6))
    kernel = next(
        iter(
            EinsumDense.make(equation="abc,cde->abde", output_shape=(None, 8, 4)).weights(TensorType("f32", (2, 5, 6)))
        )
    )
    fans = keras.src.initializers.random_initializers.compute_fans(
        (6, 8, 4), kernel.initializer.input_axes, kernel.initializer.output_axes
    )
    assert fans == (6, 32)


def test_the_names_of_activations_are_keras() -> None:
    from keras.src.activations import ALL_OBJECTS_DICT

    shape_changing = {"glu"}
    assert ACTIVATIONS.keys() == ALL_OBJECTS_DICT.keys() - shape_changing
    assert {name for name in ACTIVATIONS if not is_activation(name)} == {"threshold"}


@pytest.mark.parametrize("name", sorted(ACTIVATIONS.keys() - {"threshold"}))
@pytest.mark.parametrize("dtype", ["f32", "i32", "bool"])
def test_an_activation_runs_where_it_is_taken(name: str, dtype: str) -> None:
    import keras

    from netwright.compiler.ops.op import OpError

    try:
        inferred = ACTIVATIONS[name]({}).infer(TensorType(dtype, (2, 4)))
    except OpError:
        assert dtype != "f32"
        return
    output = keras.activations.get(name)(keras.ops.ones((2, 4), keras_dtype(dtype)))
    assert keras_dtype(inferred.dtype) == keras.backend.standardize_dtype(output.dtype)


@pytest.mark.parametrize("kind", ["initializers", "regularizers", "constraints"])
def test_the_names_of_configuration_objects_are_keras(kind: str) -> None:
    from importlib import import_module

    table = import_module(f"keras.src.{kind}").ALL_OBJECTS_DICT
    base = {"initializers": "Initializer", "regularizers": "Regularizer", "constraints": "Constraint"}[kind]
    theirs = {name for name, cls in table.items() if cls.__name__ != base}
    ours = {name for its_kind, name in CONFIGURATIONS if its_kind == kind}
    classes = {cls.__name__ for (its_kind, _), cls in CONFIGURATIONS.items() if its_kind == kind}
    assert theirs <= ours | classes
    assert ours - {"l1_l2"} <= theirs


@pytest.mark.parametrize("value", [2, 0.5, (1, 2, 3), ((1,), (2,)), ((1, 2, 3), (4, 5, 6))])
def test_a_constant_fills_what_it_broadcasts_to(value: Any) -> None:
    import keras

    assert keras.initializers.Constant(value)((2, 3)).shape == (2, 3)
    assert compile_spec(_with_kernel(value)).params.total == 9


@pytest.mark.parametrize("value", [(1, 2), ((1, 2, 3),) * 3, (((1, 2, 3), (4, 5, 6)),)])
def test_a_constant_of_another_shape_is_refused(value: Any) -> None:
    with pytest.raises(SpecError, match="the constant of shape"):
        compile_spec(_with_kernel(value))


def _with_kernel(value: Any) -> str:
    """A spec with a kernel of two rows and three columns."""
    array = str(value).replace(",)", ")").replace("(", "[").replace(")", "]")
    return f'netwright: 1\ninputs: {{x: "f32[N, 2]"}}\nmodel: x -> dense(3, kernel_initializer=constant({array}))'
