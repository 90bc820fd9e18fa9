"""Arrays given to `run`: what does not fit the spec is said with what was found and what was expected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netwright.backends.xla.arrays import bind_sizes, check_inputs
from netwright.backends.xla.errors import ExecutionError
from netwright.compiler.dims import symbol
from netwright.compiler.types import TensorType

N, T = symbol("N"), symbol("T")
IMAGE = {"image": TensorType("f32", (N, 28, 28))}
PAIR = {"left": TensorType("f32", (N, T)), "right": TensorType("i32", (N, 2 * T))}


def refusal(types: dict[str, TensorType], **arrays: Any) -> str:
    with pytest.raises(ExecutionError) as error:
        check_inputs(types, arrays)
    return str(error.value)


def test_arrays_are_cast_to_the_dtypes_of_the_inputs() -> None:
    checked = check_inputs(IMAGE, {"image": np.zeros((2, 28, 28), "uint8")})
    assert checked["image"].dtype == np.float32


def test_symbols_take_the_sizes_of_the_arrays() -> None:
    arrays = {"left": np.zeros((2, 5), "f4"), "right": np.zeros((2, 10), "i4")}
    assert bind_sizes(PAIR, arrays) == {"N": 2, "T": 5}


def test_a_size_that_no_shape_gives_is_named() -> None:
    sizes = bind_sizes({"x": TensorType("f32", (N, 2 * T))}, {"x": np.zeros((3, 4))})
    with pytest.raises(ExecutionError, match="the size 'T' does not follow from the inputs' shapes"):
        _ = sizes["T"]


def test_a_symbol_has_one_size() -> None:
    message = refusal(PAIR, left=np.zeros((2, 5), "f4"), right=np.zeros((3, 10), "i4"))
    assert "'right': found shape [3, 10], expected i32[N, 2*T]: axis 0 has size 3, not N = 2" in message


def test_formulas_of_symbols_are_checked() -> None:
    message = refusal(PAIR, left=np.zeros((2, 5), "f4"), right=np.zeros((2, 11), "i4"))
    assert "axis 1 has size 11, not 2*T = 10" in message


def test_a_known_size_is_checked() -> None:
    message = refusal(IMAGE, image=np.zeros((2, 28, 27), "f4"))
    assert "'image': found shape [2, 28, 27], expected f32[N, 28, 28]: axis 2 has size 27, not 28" in message


def test_the_rank_is_checked() -> None:
    assert "found shape [28, 28], expected f32[N, 28, 28] of rank 3" in refusal(IMAGE, image=np.zeros((28, 28), "f4"))


def test_an_empty_batch_is_refused() -> None:
    assert "empty at axis 0" in refusal(IMAGE, image=np.zeros((0, 28, 28), "f4"))


def test_a_missing_input_is_named() -> None:
    message = refusal(PAIR, left=np.zeros((2, 5), "f4"))
    assert "no array is given for 'right': found 'left', expected left: f32[N, T], right: i32[N, 2*T]" in message


def test_an_unknown_name_suggests_the_near_one() -> None:
    message = refusal(IMAGE, imgae=np.zeros((2, 28, 28), "f4"))
    assert "there is no input 'imgae'" in message
    assert "image" in message.partition("help:")[2]


def test_floats_do_not_become_integers() -> None:
    types = {"token": TensorType("i32", (N,))}
    assert "found dtype float64, expected int32" in refusal(types, token=np.zeros(3))


def test_integers_must_fit() -> None:
    types = {"token": TensorType("u8", (N,))}
    assert "values that uint8 does not hold" in refusal(types, token=np.array([1, 300]))


def test_strings_are_refused() -> None:
    types = {"word": TensorType("str", (N,))}
    assert "XLA has no strings" in refusal(types, word=np.array(["a"]))
