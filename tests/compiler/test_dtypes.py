"""Dtype names, sizes and promotion; the last against Keras itself."""

from __future__ import annotations

from itertools import product

import pytest

from netwright.compiler.dtypes import (
    DTYPES,
    PromotionError,
    byte_size,
    from_keras_dtype,
    is_float,
    is_integer,
    keras_dtype,
    promote,
)


def test_names() -> None:
    assert keras_dtype("f32") == "float32"
    assert from_keras_dtype("string") == "str"
    assert [from_keras_dtype(keras_dtype(dtype)) for dtype in DTYPES] == list(DTYPES)
    assert "complex64" not in map(keras_dtype, DTYPES)


def test_kinds_and_sizes() -> None:
    assert [dtype for dtype in DTYPES if is_float(dtype)] == ["f16", "bf16", "f32", "f64"]
    assert [dtype for dtype in DTYPES if is_integer(dtype)] == ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]
    assert [byte_size(dtype) for dtype in ("bool", "bf16", "i32", "f64", "str")] == [1, 2, 4, 8, None]


def test_promotion() -> None:
    # The examples of Keras's and JAX's own documentation.
    assert promote("i32", "f32") == "f32"
    assert promote("bf16", int) == promote("bf16", float) == "bf16"
    assert promote("f16", "bf16") == "f32"
    assert promote("u8", "i8") == "i16"
    assert promote("bool", int) == "i32"
    assert promote("i64", "f64") == "f64"
    assert promote("i64", "i32", narrow=True) == "i32"
    with pytest.raises(PromotionError):
        promote("str", "f32")


@pytest.mark.keras
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_promotion_is_that_of_keras(count: int) -> None:
    import keras

    narrow = keras.backend.backend() == "jax"
    kinds: list[str | type] = [*DTYPES, int, float]
    for dtypes in product(kinds, repeat=count):
        theirs = _keras_promotion(keras.backend.result_type, dtypes)
        assert _promotion(dtypes, narrow) == theirs, dtypes


def _promotion(dtypes: tuple[str | type, ...], narrow: bool) -> str | None:
    try:
        return keras_dtype(promote(*dtypes, narrow=narrow))
    except PromotionError:
        return None


def _keras_promotion(result_type: object, dtypes: tuple[str | type, ...]) -> str | None:
    assert callable(result_type)
    try:
        return str(result_type(*(keras_dtype(dtype) if isinstance(dtype, str) else dtype for dtype in dtypes)))
    except ValueError:
        return None
