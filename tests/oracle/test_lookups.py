"""Hashing, lookups and crops against the installed Keras: what runs give, and what is refused. Keras's own inference
says float32 for what lookups encode, and of texts in a column an axis too much; execution decides. (Signatures:
`test_signatures.py`.)"""

from __future__ import annotations

from typing import Any

import pytest

from netwright.compiler.dims import evaluate, symbol
from netwright.compiler.dtypes import from_keras_dtype, keras_dtype
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras

Shape = tuple[int, ...]
Row = tuple[str, dict[str, Any], Shape, str]
NUMBERS: dict[str, Any] = {"vocabulary": (7, 1, 9)}
WORDS: dict[str, Any] = {"vocabulary": ("a", "b", "c")}
IDF: dict[str, Any] = {"output_mode": "tf_idf", "idf_weights": (0.1, 0.2, 0.3)}
SHAPES: tuple[Shape, ...] = ((3,), (2, 1), (2, 4), (2, 4, 3))
MODES: tuple[dict[str, Any], ...] = ({}, *({"output_mode": mode} for mode in ("one_hot", "multi_hot", "count")))

RUNS: list[Row] = [
    *(("Hashing", {"num_bins": 5, **mode}, shape, "i32") for mode in MODES for shape in SHAPES),
    ("Hashing", {"num_bins": 5}, (), "f32"),
    ("Hashing", {"num_bins": 5, "output_mode": "count"}, (), "i32"),
    ("Hashing", {"num_bins": 5, "mask_value": "a", "salt": 3}, (2, 4), "str"),
    ("Hashing", {"num_bins": 5, "mask_value": 2, "salt": (3, 4), "dtype": "int32"}, (2, 4), "u8"),
    ("Hashing", {"num_bins": 1, "mask_value": "a"}, (2, 4), "bool"),
    ("Hashing", {"num_bins": 5, "output_mode": "one_hot", "dtype": "float16"}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "output_mode": "count", "dtype": "float16"}, (2, 4, 3), "i32"),
    *(("HashedCrossing", {"num_bins": 5, **mode}, shape, "i32") for mode in MODES[:2] for shape in SHAPES[:2]),
    ("HashedCrossing", {"num_bins": 0, "dtype": "float16"}, (3, 1), "str"),
    *(("IntegerLookup", {**NUMBERS, **mode}, shape, "i32") for mode in (*MODES, IDF) for shape in SHAPES),
    ("IntegerLookup", {**NUMBERS, "output_mode": "binary", "mask_token": 3}, (), "f32"),
    ("IntegerLookup", {"vocabulary": (3, -1, -1, 5), "mask_token": 3, "num_oov_indices": 2}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": (-1, 5), "output_mode": "count", "mask_token": 3}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": (5, -1), "output_mode": "count"}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "output_mode": "count", "max_tokens": 9, "pad_to_max_tokens": True}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "num_oov_indices": 3, "oov_method": "farmhash", "salt": 4}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "invert": True}, (2, 4), "i32"),
    *(("StringLookup", {**WORDS, **mode}, shape, "str") for mode in (*MODES, IDF) for shape in SHAPES),
    ("StringLookup", {"vocabulary": ("", "[UNK]", "a"), "mask_token": "", "max_tokens": 3, "salt": 4}, (2, 4), "str"),
    *(
        ("TextVectorization", {**WORDS, **mode}, shape, "str")
        for mode in ({"output_sequence_length": 5}, *MODES[2:], {**IDF, "output_mode": "tf-idf"})
        for shape in SHAPES[:2]
    ),
    *(
        ("TextVectorization", {**WORDS, **mode, "split": None}, shape, "str")
        for mode in (*MODES, IDF)
        for shape in SHAPES
    ),
    ("TextVectorization", {**WORDS, "output_sequence_length": 2}, (2, 3, 1), "str"),
    ("TextVectorization", {**WORDS, "output_sequence_length": 2, "split": None}, (5,), "str"),
    ("TextVectorization", {**WORDS, "output_sequence_length": 9, "split": None, "ngrams": 2}, (2, 4), "str"),
    ("TextVectorization", {**WORDS, "split": None, "ngrams": 3}, (2, 4), "str"),
    ("TextVectorization", {**WORDS, "split": None, "ngrams": (2, 3)}, (7,), "str"),
    ("TextVectorization", {**WORDS, "split": "character", "output_mode": "count", "ngrams": 2}, (2, 1), "str"),
    ("TextVectorization", {**WORDS, "standardize": None, "output_mode": "count", "dtype": "float16"}, (2,), "str"),
    ("RandomCrop", {"height": 4, "width": 5}, (2, 8, 9, 3), "u8"),
    ("RandomCrop", {"height": 20, "width": 5, "data_format": "channels_first", "dtype": "float16"}, (3, 8, 9), "f32"),
    ("Equalization", {"bins": 4, "value_range": (0, 1)}, (2, 8, 9, 3), "f32"),
    ("MaxNumBoundingBoxes", {"max_number": 3}, (2, 8, 9, 3), "u8"),
]
#: what Keras refuses when it makes the layer, puts it into a model or runs it on one of its backends
REFUSED: list[Row] = [
    ("Hashing", {"num_bins": 0}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "output_mode": "one_hot"}, (), "i32"),
    ("Hashing", {"num_bins": 5, "output_mode": "multi_hot", "dtype": "float16"}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "dtype": "float16"}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "mask_value": "a"}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "mask_value": 3}, (2, 4), "str"),
    ("Hashing", {"num_bins": 5, "mask_value": 3.5}, (2, 4), "i32"),
    ("Hashing", {"num_bins": 5, "mask_value": 3}, (2, 4), "bool"),
    ("Hashing", {"num_bins": 5, "salt": (1, 2, 3)}, (2, 4), "i32"),
    ("HashedCrossing", {"num_bins": -1}, (2, 1), "i32"),
    ("HashedCrossing", {"num_bins": 5}, (2, 4), "i32"),
    ("HashedCrossing", {"num_bins": 5}, (2, 1), "f32"),
    ("HashedCrossing", {"num_bins": 5}, (2, 1), "bool"),
    ("HashedCrossing", {"num_bins": 5, "output_mode": "count"}, (2, 1), "i32"),
    ("IntegerLookup", {}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": ()}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": (1, 1)}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": ("a",)}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": (1, -1), "invert": True}, (2, 4), "i32"),
    ("IntegerLookup", {"vocabulary": (1, 2), "mask_token": 2}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "max_tokens": 3}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "max_tokens": 1}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "pad_to_max_tokens": True}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "num_oov_indices": -1}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "salt": 3}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "vocabulary_dtype": "int32"}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "output_mode": "tf_idf"}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, **IDF, "idf_weights": (1.0,)}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "idf_weights": (1.0, 2.0, 3.0)}, (2, 4), "i32"),
    ("IntegerLookup", {**NUMBERS, "invert": True, "output_mode": "count"}, (2, 4), "i32"),
    ("IntegerLookup", NUMBERS, (2, 4), "str"),
    ("StringLookup", {}, (2, 4), "str"),
    ("StringLookup", WORDS, (2, 4), "i32"),
    ("StringLookup", {**WORDS, "invert": True}, (2, 4), "str"),
    ("TextVectorization", {}, (2,), "str"),
    ("TextVectorization", {**WORDS, "output_sequence_length": 5}, (2,), "i32"),
    ("TextVectorization", {**WORDS, "output_sequence_length": 5}, (2, 4), "str"),
    ("TextVectorization", {**WORDS, "output_sequence_length": 5, "output_mode": "count"}, (2,), "str"),
    ("TextVectorization", {**WORDS, "output_sequence_length": -1}, (2,), "str"),
    ("TextVectorization", {**WORDS, "split": "lines", "output_mode": "count"}, (2,), "str"),
    ("TextVectorization", {**WORDS, "ngrams": (2, 0), "output_mode": "count"}, (2,), "str"),
    ("TextVectorization", {"vocabulary": ("a", ""), "output_sequence_length": 5}, (2,), "str"),
    ("RandomCrop", {"height": -1, "width": 2}, (2, 8, 9, 3), "f32"),
    ("RandomCrop", {"height": 4, "width": 2}, (2, 8), "f32"),
    ("Equalization", {"value_range": (1, 1)}, (2, 8, 9, 3), "f32"),
    ("Equalization", {"bins": 2.5}, (2, 8, 9, 3), "f32"),
    ("MaxNumBoundingBoxes", {}, (2, 8, 9, 3), "f32"),
]
#: what runs on TensorFlow alone, or has sizes that no spec can know
RAGGED: list[Row] = [
    ("TextVectorization", WORDS, (2,), "str"),
    ("TextVectorization", {**WORDS, "output_mode": "one_hot"}, (2,), "str"),
    ("TextVectorization", {**WORDS, "output_mode": "count"}, (2, 3, 1), "str"),
    ("TextVectorization", {**WORDS, "ragged": True, "output_sequence_length": 3}, (2,), "str"),
    ("IntegerLookup", {**NUMBERS, "output_mode": "count", "sparse": True}, (2, 4), "i32"),
]


def _made(name: str, arguments: dict[str, Any]) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**arguments)


def _inferred(op: Op, type: TensorType) -> TensorType:
    x = op.prepare(type)
    inferred = op.infer(*([x] * len(op.operands)))
    assert isinstance(inferred, TensorType)
    return inferred


def _run(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> Any:
    """What the Keras layer makes of ones, or of texts of two words."""
    import keras
    import numpy as np

    layer = getattr(keras.layers, name)(**arguments)
    x = np.full(shape, "a b") if dtype == "str" else keras.ops.ones(shape, keras_dtype(dtype))
    return layer([x, x] if name == "HashedCrossing" else x)


def _type_of(y: Any) -> tuple[str, tuple[int, ...]]:
    import keras

    return from_keras_dtype(keras.backend.standardize_dtype(y.dtype)), tuple(y.shape)


def _narrowed(dtype: str) -> str:
    """As JAX computes, which has no 64-bit types."""
    import keras

    return "i32" if dtype == "i64" and keras.backend.backend() == "jax" else dtype


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), RUNS)
def test_a_run_gives_what_is_inferred(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> None:
    op = _made(name, arguments)
    y = _inferred(op, TensorType(dtype, shape))
    assert (_narrowed(y.dtype), y.shape) == _type_of(_run(name, arguments, shape, dtype))
    if shape:
        open = _inferred(op, TensorType(dtype, (symbol("N"), *shape[1:])))
        assert tuple(evaluate(dim, {"N": shape[0]}) for dim in open.shape) == y.shape


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), REFUSED)
def test_what_keras_refuses_is_refused(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> None:
    with pytest.raises((OpError, AttributeFault, TypeError)):
        _inferred(_made(name, arguments), TensorType(dtype, shape))
    with pytest.raises(Exception):  # noqa: B017, PT011  # each backend has errors of its own
        _run(name, arguments, shape, dtype)


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), RAGGED)
def test_what_no_spec_can_say_is_refused(name: str, arguments: dict[str, Any], shape: Shape, dtype: str) -> None:
    with pytest.raises(OpError, match=r"ragged|sparse|not known"):
        _inferred(_made(name, arguments), TensorType(dtype, shape))


def test_words_at_places_are_words() -> None:
    """Keras infers integers for them. On JAX, which has no strings, they cannot be at all."""
    import keras

    arguments = {**WORDS, "invert": True}
    assert _inferred(_made("StringLookup", arguments), TensorType("i32", (2, 4))) == TensorType("str", (2, 4))
    if keras.backend.backend() == "tensorflow":
        assert _type_of(_run("StringLookup", arguments, (2, 4), "i32")) == ("str", (2, 4))


def test_a_crop_leaves_images_alone_in_inference() -> None:
    """Keras's call for training, which is the default of its layer, and its inference give two shapes."""
    import keras

    layer, x = keras.layers.RandomCrop(4, 5), keras.ops.ones((2, 8, 9, 3))
    assert tuple(layer(x).shape) == (2, 4, 5, 3)
    assert tuple(layer(x, training=False).shape) == (2, 8, 9, 3)


@pytest.mark.parametrize("name", ["Equalization", "MaxNumBoundingBoxes"])
def test_integers_stay_integers_in_inference(name: str) -> None:
    import keras

    arguments = {"max_number": 3} if name == "MaxNumBoundingBoxes" else {}
    x = keras.ops.ones((2, 8, 9, 3), "uint8")
    y = _inferred(_made(name, arguments), TensorType("u8", (2, 8, 9, 3)))
    assert (y.dtype, y.shape) == _type_of(getattr(keras.layers, name)(**arguments)(x, training=False))


def test_equalization_stands_in_a_pipeline() -> None:
    """Its symbolic call gives its operand back, a cycle in a model."""
    import keras

    x = keras.Input((8, 9, 3))
    with pytest.raises(ValueError, match="cycle"):
        keras.Model(x, keras.layers.Equalization()(x))
    model = keras.Model(x, keras.layers.Pipeline([keras.layers.Equalization(bins=4)])(x))
    assert not keras.ops.all(model(keras.random.uniform((2, 8, 9, 3)), training=True) == 0)
