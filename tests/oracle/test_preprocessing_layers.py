"""Spectrograms, encodings and images against the installed Keras: what runs in inference give, weights, and
what is refused. (Signatures: `test_signatures.py`.)"""

from __future__ import annotations

from typing import Any

import pytest

from netwright.compiler.dims import Dim, evaluate, symbol
from netwright.compiler.dtypes import from_keras_dtype, keras_dtype
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras

Shape = tuple[int, ...]
SOUND, VECTORS, IMAGES, ONE_IMAGE = (2, 600, 3), (2, 4, 3), (2, 12, 9, 3), (12, 9, 3)
COUNTS = {"bin_boundaries": (0.2, 0.5), "output_mode": "count"}

AUGMENTED = [(IMAGES, "f32"), (IMAGES, "u8"), (ONE_IMAGE, "i32")]
#: what is the identity in inference
AUGMENTATIONS: dict[str, dict[str, Any]] = {
    "AugMix": {"num_chains": 1, "chain_depth": 1, "all_ops": False},
    "CutMix": {},
    "MixUp": {"alpha": 1.5},
    "RandAugment": {"factor": (0.1, 0.4)},
    "RandomBrightness": {"factor": (-0.1, 0.4), "dtype": "float16"},
    "RandomColorDegeneration": {"factor": 0.2},
    "RandomColorJitter": {"hue_factor": 0.1, "brightness_factor": -0.5},
    "RandomContrast": {"factor": 0.2, "value_range": (0, 1)},
    "RandomElasticTransform": {"fill_mode": "wrap", "dtype": "float16"},
    "RandomErasing": {"fill_value": (1, 2, 3)},
    "RandomFlip": {"mode": "vertical"},
    "RandomGaussianBlur": {"kernel_size": (3, 5)},
    "RandomGrayscale": {"factor": 1},
    "RandomHue": {"factor": 0.2},
    "RandomInvert": {},
    "RandomPerspective": {"interpolation": "nearest"},
    "RandomPosterization": {"factor": 4},
    "RandomRotation": {"factor": -0.2, "fill_mode": "wrap"},
    "RandomSaturation": {"factor": (0.4, 0.6)},
    "RandomSharpness": {"factor": 0.2},
    "RandomShear": {"x_factor": 0.2},
    "RandomTranslation": {"height_factor": 0.2, "width_factor": (-0.1, 0.2)},
    "RandomZoom": {"height_factor": 0.2},
    "Solarization": {"addition_factor": 0.4},
}

#: layer, arguments, shape of the operand, its dtype
RUNS: list[tuple[str, dict[str, Any], Shape, str]] = [
    ("STFTSpectrogram", {}, SOUND, "f32"),
    ("STFTSpectrogram", {"mode": "stft", "frame_length": 100, "expand_dims": True}, SOUND, "f32"),
    ("STFTSpectrogram", {"mode": "real", "frame_length": 5, "padding": "same", "frame_step": 3}, SOUND, "f32"),
    ("STFTSpectrogram", {"mode": "imag", "fft_length": 512, "data_format": "channels_first"}, (2, 3, 600), "f32"),
    (
        "STFTSpectrogram",
        {"frame_length": 64, "expand_dims": True, "data_format": "channels_first", "window": None, "scaling": None},
        (2, 3, 600),
        "f32",
    ),
    ("STFTSpectrogram", {"mode": "angle", "dtype": "float16", "trainable": False}, SOUND, "f32"),
    ("MelSpectrogram", {"fft_length": 512, "sequence_stride": 100, "num_mel_bins": 7}, (2, 1299), "f32"),
    ("MelSpectrogram", {"fft_length": 64, "sequence_stride": 30, "sequence_length": 50}, (600,), "f32"),
    ("MelSpectrogram", {"fft_length": 64, "power_to_db": False, "dtype": "float16"}, (2, 33), "i32"),
    ("Normalization", {"mean": 3.0, "variance": 2.0}, VECTORS, "i32"),
    (
        "Normalization",
        {"axis": (1, -1), "mean": ((1.0,), (2.0,), (3.0,), (4.0,)), "variance": ((1.0,),) * 4},
        VECTORS,
        "f32",
    ),
    (
        "Normalization",
        {"axis": (2, 1), "mean": (1.0, 2.0, 3.0), "variance": (1.0, 2.0, 3.0), "invert": True},
        VECTORS,
        "f32",
    ),
    ("Normalization", {"axis": None, "mean": 3.0, "variance": 2.0, "dtype": "float16"}, (5,), "f32"),
    ("Normalization", {"invert": True}, VECTORS, "f32"),
    ("Normalization", {"axis": (2, 1)}, VECTORS, "f32"),
    ("Normalization", {"axis": None, "dtype": "float16"}, VECTORS, "i32"),
    ("Discretization", {"bin_boundaries": (0.2, 0.5)}, VECTORS, "f32"),
    ("Discretization", {"bin_boundaries": (0.2, 0.5), "output_mode": "one_hot", "dtype": "float16"}, (2, 4, 1), "f32"),
    ("Discretization", COUNTS, (5,), "i32"),
    ("Discretization", COUNTS, VECTORS, "f32"),
    ("CategoryEncoding", {"num_tokens": 5}, (2, 4), "i32"),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "binary"}, (2, 4, 3), "i32"),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (2, 1), "i32"),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, (1,), "i32"),
    ("CategoryEncoding", {"num_tokens": 5, "output_mode": "count", "dtype": "int32"}, (4,), "i32"),
    ("AutoContrast", {}, IMAGES, "i32"),
    ("ContrastLimitedAdaptiveHistogramEqualization", {"tile_grid_size": (2, 3)}, IMAGES, "u8"),
    *((name, arguments, shape, dtype) for name, arguments in AUGMENTATIONS.items() for shape, dtype in AUGMENTED),
]
#: what Keras refuses when it makes, calls or runs the layer on one of its backends
REFUSED: list[tuple[str, dict[str, Any], Shape, str]] = [
    ("STFTSpectrogram", {}, (2, 600), "f32"),
    ("STFTSpectrogram", {}, SOUND, "i32"),
    ("STFTSpectrogram", {"frame_length": 1}, SOUND, "f32"),
    ("STFTSpectrogram", {"frame_length": 100, "frame_step": 101}, SOUND, "f32"),
    ("STFTSpectrogram", {"frame_length": 100, "fft_length": 64}, SOUND, "f32"),
    ("MelSpectrogram", {"fft_length": 64, "sequence_length": 65}, (2, 600), "f32"),
    ("Normalization", {"mean": 3.0}, VECTORS, "f32"),
    ("Normalization", {"mean": (1.0, 2.0), "variance": (1.0,)}, VECTORS, "f32"),
    ("Normalization", {"mean": (1.0, 2.0), "variance": (1.0, 2.0)}, VECTORS, "f32"),
    ("Normalization", {"axis": 3, "mean": 1.0, "variance": 2.0}, VECTORS, "f32"),
    ("Normalization", {"axis": (1, 1)}, VECTORS, "f32"),
    ("Normalization", {"axis": None, "mean": (1.0,), "variance": (2.0,)}, VECTORS, "f32"),
    ("Discretization", {"num_bins": 3}, VECTORS, "f32"),
    ("Discretization", {}, VECTORS, "f32"),
    ("CategoryEncoding", {}, (2, 4), "i32"),
    ("CategoryEncoding", {"num_tokens": 0}, (2, 4), "i32"),
    ("CategoryEncoding", {"num_tokens": 3, "output_mode": "int"}, (2, 4), "i32"),
    *((name, arguments, (2, 5), "f32") for name, arguments in AUGMENTATIONS.items()),
    ("RandomBrightness", {"factor": 2}, IMAGES, "f32"),
    ("RandomColorJitter", {"contrast_factor": -0.5}, IMAGES, "f32"),
    ("RandomContrast", {"factor": -0.5}, IMAGES, "f32"),
    ("RandomElasticTransform", {"fill_mode": "none"}, IMAGES, "f32"),
    ("RandomErasing", {"scale": (0.1, 0.2, 0.3)}, IMAGES, "f32"),
    ("RandomGaussianBlur", {"kernel_size": 4}, IMAGES, "f32"),
    ("RandomGrayscale", {"factor": 1.5}, IMAGES, "f32"),
    ("RandomHue", {"factor": 1.5}, IMAGES, "f32"),
    ("RandomInvert", {"factor": -1}, IMAGES, "f32"),
    ("RandomPerspective", {"scale": 2}, IMAGES, "f32"),
    ("RandomPosterization", {"factor": 9}, IMAGES, "f32"),
    ("RandomRotation", {"factor": 0.1, "interpolation": "cubic"}, IMAGES, "f32"),
    ("RandomSharpness", {"factor": "0.2"}, IMAGES, "f32"),
    ("RandomShear", {"y_factor": -0.5}, IMAGES, "f32"),
    ("RandomTranslation", {"height_factor": 2, "width_factor": 0}, IMAGES, "f32"),
    ("RandomZoom", {"height_factor": 0.1, "fill_mode": "mirror"}, IMAGES, "f32"),
    ("Solarization", {"threshold_factor": -0.5}, IMAGES, "f32"),
]


def _catalogue(name: str, arguments: dict[str, Any]) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**arguments)


def _run(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> tuple[Any, Any]:
    """The Keras layer, and what it makes of ones in inference."""
    import keras

    layer = getattr(keras.layers, name)(**arguments)
    inference = {"training": False} if layer._call_has_training_arg else {}
    return layer, layer(keras.ops.ones(shape, keras_dtype(dtype)), **inference)


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), RUNS)
def test_a_run_gives_what_is_inferred(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> None:
    import keras

    op = _catalogue(name, arguments)
    layer, y = _run(name, arguments, shape, dtype)
    x = op.prepare(TensorType(dtype, shape))
    expected = from_keras_dtype(keras.backend.standardize_dtype(y.dtype)), tuple(y.shape)
    inferred = op.infer(x)
    assert isinstance(inferred, TensorType)
    assert (inferred.dtype, inferred.shape) == expected
    found = [(weight.name, weight.shape, keras_dtype(weight.dtype)) for weight in op.weights(x)]
    in_keras = [(weight.name, tuple(weight.shape), weight.dtype) for weight in layer.weights]
    assert found == [(*rest, dtype.replace("int64", "int32")) for *rest, dtype in in_keras]  # 64 bits on TensorFlow
    assert _with_symbols(op, x) == expected[1]


def _with_symbols(op: Op, x: TensorType) -> tuple[Dim, ...]:
    """The shape with the first size (of sound, its length too) open, at these sizes."""
    axes = (0,) if x.rank != 2 or x.dtype == "i32" else (0, 1)
    names = {axis: f"D{axis}" for axis in axes}
    dims = [symbol(names[axis]) if axis in names else size for axis, size in enumerate(x.shape)]
    inferred = op.infer(x.with_shape(*dims))
    assert isinstance(inferred, TensorType)
    sizes = {names[axis]: size for axis, size in enumerate(x.shape) if axis in names and isinstance(size, int)}
    return tuple(evaluate(dim, sizes) for dim in inferred.shape)


def test_a_frame_longer_than_the_sound_is_refused() -> None:
    """On TensorFlow it gives no frames at all, on JAX an error."""
    with pytest.raises(OpError, match="frame"):
        _catalogue("STFTSpectrogram", {"frame_length": 700}).infer(TensorType("f32", SOUND))


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), REFUSED)
def test_what_keras_refuses_is_refused(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> None:
    with pytest.raises((OpError, AttributeFault)):
        _catalogue(name, arguments).infer(TensorType(dtype, shape))
    with pytest.raises(Exception):  # noqa: B017, PT011  # each backend has errors of its own
        _run(name, arguments, shape, dtype)
