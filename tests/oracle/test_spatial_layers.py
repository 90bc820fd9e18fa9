"""Convolution, pooling, padding, resizing and reshaping layers against the installed Keras: aliases, symbolic
shapes, weights, and the dtypes that a run gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ops import (
    convolution,
    convolution_separable,
    convolution_transpose,
    padding,
    pooling,
    pooling_adaptive,
    reshaping,
    resizing,
)
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Layer, operator_classes

pytestmark = pytest.mark.keras

FAMILIES = (
    *(convolution, convolution_separable, convolution_transpose, pooling, pooling_adaptive, padding),
    *(reshaping, resizing),
)
CLASSES = [
    cls
    for cls in operator_classes()
    if cls.__module__ in {family.__name__ for family in FAMILIES} and cls.keras.startswith("layers.")
]

#: layer, arguments, input shape: what the truth file has little of: channels_first, unknown sizes, odd combinations
CALLS: list[tuple[str, dict[str, Any], tuple[int | None, ...]]] = [
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (None, None, 5)),
    ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "CAUSAL", "strides": 2}, (None, 9, 5)),
    ("Conv2D", {"filters": 6, "kernel_size": (3, 5), "groups": 3, "data_format": "channels_first"}, (None, 9, 20, 21)),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "padding": "same", "strides": (1, 2)}, (2, None, 21, 3)),
    ("Conv2D", {"filters": 6, "kernel_size": 3, "bias_initializer": None, "dtype": "float16"}, (2, 8, 8, 3)),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "trainable": False}, (None, 4, None, 6, 3)),
    ("Conv1DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3}, (None, None, 3)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 5, "strides": 3, "padding": "same"}, (None, 7, None, 3)),
    ("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "dilation_rate": 2, "output_padding": 0}, (None, 7, 8, 3)),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "data_format": "channels_first"}, (None, 3, 4, 5, 6)),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2, "strides": 2, "dilation_rate": 2}, (None, 20, 4)),
    ("DepthwiseConv2D", {"kernel_size": 3, "strides": (1, 2), "data_format": "channels_first"}, (None, 4, 9, 9)),
    ("SeparableConv1D", {"filters": 8, "kernel_size": 3, "depth_multiplier": 2}, (None, 20, 4)),
    ("SeparableConv2D", {"filters": 8, "kernel_size": (3, 1), "use_bias": False}, (None, 9, 9, 4)),
    ("MaxPooling1D", {"data_format": "channels_first"}, (None, 4, 9)),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": 2, "padding": "same"}, (None, 9, None, 4)),
    ("AveragePooling3D", {"pool_size": 2, "strides": (1, 2, 3)}, (None, 9, 9, 9, 4)),
    ("GlobalMaxPooling3D", {"keepdims": True, "data_format": "channels_first"}, (None, 4, 5, 6, 7)),
    ("GlobalAveragePooling1D", {}, (None, None, 7)),
    ("AdaptiveAveragePooling2D", {"output_size": (7, 3)}, (None, 5, 17, 4)),
    ("AdaptiveMaxPooling1D", {"output_size": 3, "data_format": "channels_first"}, (None, 4, 9)),
    ("ZeroPadding1D", {"padding": (1, 2), "data_format": "channels_first"}, (None, 8, 3)),
    ("ZeroPadding2D", {"padding": ((1, 2), 3)}, (None, 8, None, 3)),
    ("ZeroPadding3D", {"padding": (1, (0, 2), 3), "data_format": "channels_first"}, (None, 3, 8, 8, 8)),
    ("Cropping1D", {"cropping": (0, 2)}, (None, 8, 3)),
    ("Cropping2D", {"cropping": (1, (2, 0))}, (None, None, 8, 3)),
    ("Cropping3D", {}, (None, 8, 8, 8, 3)),
    ("UpSampling1D", {"size": 3}, (None, None, 3)),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "Bilinear", "data_format": "channels_first"}, (None, 3, 4, 5)),
    ("UpSampling3D", {"size": (1, 2, 3)}, (None, 4, None, 4, 3)),
    ("Resizing", {"height": 4, "width": 6, "pad_to_aspect_ratio": True}, (None, 8, 9, 3)),
    ("Resizing", {"height": 4, "width": 6, "data_format": "channels_first"}, (3, 8, 9)),
    ("CenterCrop", {"height": 4, "width": 14}, (None, 8, 9, 3)),
    ("Rescaling", {"scale": (1.0, 2.0, 3.0), "offset": 1}, (None, 8, 9, 3)),
    ("Flatten", {}, (None,)),
    ("Flatten", {"data_format": "channels_first"}, (None, 3, 4)),
    ("Reshape", {"target_shape": ()}, (None, 1)),
    ("Reshape", {"target_shape": (-1, 4)}, (None, None, 8)),
    ("Permute", {"dims": (3, 1, 2)}, (None, 4, None, 6)),
    ("RepeatVector", {"n": 3}, (None, 4)),
]

#: layer, arguments, input shape, dtype: mostly layers whose dtype for integers Keras infers otherwise than it runs
RUNS: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
    ("MaxPooling2D", {}, (2, 4, 4, 3), "i32"),
    ("AdaptiveMaxPooling2D", {"output_size": 2}, (2, 4, 4, 3), "u8"),
    ("GlobalMaxPooling2D", {}, (2, 4, 4, 3), "u8"),
    ("GlobalAveragePooling2D", {}, (2, 4, 4, 3), "u8"),
    ("ZeroPadding2D", {}, (2, 4, 4, 3), "i32"),
    ("Cropping2D", {"cropping": 1}, (2, 4, 4, 3), "bool"),
    ("UpSampling2D", {"interpolation": "bilinear"}, (2, 4, 4, 3), "u8"),
    ("Resizing", {"height": 2, "width": 2}, (2, 4, 4, 3), "u8"),
    ("CenterCrop", {"height": 2, "width": 2}, (2, 4, 4, 3), "u8"),
    ("Rescaling", {"scale": 0.5}, (2, 4, 4, 3), "u8"),
    ("Rescaling", {"scale": (1.0, 2.0, 3.0)}, (2, 4, 4, 1), "f32"),
    ("Flatten", {}, (2, 4, 4), "i32"),
    ("Conv2D", {"filters": 2, "kernel_size": 3}, (2, 4, 4, 3), "f16"),
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name_in_flow)
def test_aliases_are_keras(cls: type[Layer]) -> None:
    import keras

    same = [name for name, value in vars(keras.layers).items() if value is getattr(keras.layers, cls.__name__)]
    names = {cls.name_in_flow, *cls.aliases}
    assert {name.lower() for name in same} == {name.replace("_", "") for name in names}


@pytest.mark.parametrize(("name", "arguments", "shape"), CALLS)
def test_shape_and_weights_are_keras(
    name: str, arguments: dict[str, Any], shape: tuple[int | None, ...], ask: Callable[..., Any]
) -> None:
    import keras

    layer = getattr(keras.layers, name)(**arguments)
    output = layer(keras.KerasTensor(shape))
    answer = ask(name, arguments, [shape])
    assert not answer.refusal
    found = tuple(dim if isinstance(dim, int) else None for dim in answer.outputs[0].shape)
    assert (found, keras_dtype(answer.outputs[0].dtype)) == (tuple(output.shape), output.dtype)
    assert [(each.name, each.shape, each.trainable, keras_dtype(each.dtype)) for each in answer.weights] == [
        (each.name, tuple(each.shape), each.trainable, each.dtype) for each in layer.weights
    ]


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), RUNS)
def test_a_run_gives_shape_and_dtype(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], dtype: str, ask: Callable[..., Any]
) -> None:
    import keras

    output = getattr(keras.layers, name)(**arguments)(keras.ops.ones(shape, keras_dtype(dtype)))
    inferred = ask(name, arguments, [shape], dtype=dtype).outputs[0]
    assert inferred.shape == tuple(output.shape)
    assert keras_dtype(inferred.dtype) == keras.backend.standardize_dtype(output.dtype)


def test_class_names_are_found() -> None:
    assert all(find_operator(cls.__name__) is cls for cls in CLASSES)
