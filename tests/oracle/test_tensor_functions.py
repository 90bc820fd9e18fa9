"""Every tensor function against keras.ops: random calls give the dtypes and shapes that Keras computes, and what
Keras refuses is refused. (Signatures: `test_signatures.py`.)"""

from __future__ import annotations

from functools import reduce
from random import Random
from typing import Any

import pytest
from oracle import (
    function_cases,
    function_cases_arrays,
    function_cases_axes,
    function_cases_images,
    function_cases_matrices,
    function_cases_network,
    function_cases_numeric,
    function_cases_random,
)
from oracle.function_draws import Call, Generator

from netwright.compiler.dtypes import DTYPES, KERAS_NAMES, from_keras_dtype
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.op import Function, Op, OpError, operator_classes
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras

FUNCTIONS = sorted({cls.name_in_flow for cls in operator_classes() if issubclass(cls, Function)})
CALLS_PER_FUNCTION = 8
FAMILIES = (
    function_cases,
    function_cases_arrays,
    function_cases_axes,
    function_cases_images,
    function_cases_matrices,
    function_cases_network,
    function_cases_numeric,
    function_cases_random,
)
GENERATORS: dict[str, Generator] = {name: item for family in FAMILIES for name, item in family.GENERATORS.items()}


# ---------------------------------------------------------------- calling Keras as the declared conventions say


def keras_function(cls: type[Op]) -> Any:
    import keras

    return reduce(getattr, cls.keras.split("."), keras)


def keras_call(op: Op, arrays: list[Any], keywords: dict[str, Any] | None = None) -> Any:
    function = keras_function(type(op))
    given = {name: KERAS_NAMES[value] if name == "dtype" else value for name, value in op.given().items()}
    given |= keywords or {}
    if op.name_in_flow == "get_item":
        return function(arrays[0], tuple(map(keras_index, given["indices"])))
    if op.convention == "einsum":
        return function(given["subscripts"], *arrays)
    if op.convention == "named":
        return function(**dict(zip(op.operands, arrays, strict=False)), **given)
    return function(arrays, **given) if op.convention == "list" else function(*arrays, **given)


def keras_index(index: Any) -> Any:
    return slice(*index) if isinstance(index, tuple) else Ellipsis if index == "..." else index


def array(type: TensorType) -> Any:
    import keras

    if type.weak:
        return 1 if type.dtype == "i32" else 1.5
    dtype = KERAS_NAMES[type.dtype]
    if type.is_float and type.rank > 1 and type.shape[-1] == type.shape[-2]:  # has an inverse
        return keras.ops.ones(type.shape, dtype) + 2 * keras.ops.eye(type.shape[-1], dtype=dtype)
    if type.is_float and type.shape[-2:] == (4, 2):  # the corners of a square
        return keras.ops.zeros(type.shape, dtype) + keras.ops.array([[0, 0], [0, 2], [2, 0], [2, 2]], dtype)
    return keras.ops.ones(type.shape, dtype)


def indices_first(operands: tuple[TensorType, ...], name: str) -> list[Any]:
    """Arrays for the operands; indices are 0, which every axis has."""
    arrays = [array(operand) for operand in operands]
    return [arrays[0], arrays[1] * 0] if name in ("take", "take_along_axis") else arrays


def types_of(outputs: Any) -> list[str]:
    import keras

    several = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    dtypes = [from_keras_dtype(keras.backend.standardize_dtype(each.dtype)) for each in several]
    return [str(TensorType(dtype, each.shape)) for dtype, each in zip(dtypes, several, strict=True)]


def backend() -> str:
    import keras

    return str(keras.backend.backend())


def narrowed(type: TensorType) -> str:
    """As JAX computes, which has no 64-bit types."""
    narrow = {"i64": "i32", "f64": "f32"} if backend() == "jax" else {}
    return str(type.with_dtype(narrow.get(type.dtype, type.dtype)))


def make(name: str, attributes: dict[str, Any]) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**attributes)


def inferred(op: Op, call: Call) -> list[str]:
    outputs = op.infer(*call.operands, **call.keywords)
    return [narrowed(each) for each in (outputs if isinstance(outputs, tuple) else (outputs,))]


# ---------------------------------------------------------------- dtypes and shapes


def test_every_function_has_a_generator() -> None:
    assert sorted(GENERATORS) == FUNCTIONS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_random_calls_agree_with_keras(name: str) -> None:
    random = Random(name)
    for turn in range(CALLS_PER_FUNCTION):
        call: Call = GENERATORS[name](random)
        op = make(name, call.attributes)
        outputs = (trace if turn and not op.beforehand and backend() not in op.not_run_on else run)(op, call)
        assert inferred(op, call) == types_of(outputs), (op, call)


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if not name.startswith("random.")])
def test_functional_models_infer_the_shapes(name: str) -> None:
    """Where they do not, the operator says so, and `emit` writes it otherwise."""
    random = Random(name)
    for _ in range(3):
        call = GENERATORS[name](random)
        op = make(name, call.attributes)
        if op.works_symbolically(*call.operands, **call.keywords):
            outputs = keras_call(op, list(map(placeholder, call.operands)), placeholders(call))
            assert shapes(op.infer(*call.operands, **call.keywords)) == shapes(outputs), (op, call)


def shapes(outputs: Any) -> list[tuple[int, ...]]:
    return [tuple(each.shape) for each in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def run(op: Op, call: Call) -> Any:
    keywords = {name: array(type) for name, type in call.keywords.items()}
    return keras_call(op, indices_first(call.operands, op.name_in_flow), keywords)


def trace(op: Op, call: Call) -> Any:
    """What the backend's implementation would compute; compiling every call takes a minute."""
    from keras.src.backend import compute_output_spec

    def called(*arrays: Any, **keywords: Any) -> Any:
        return keras_call(op, list(arrays), keywords)

    return compute_output_spec(called, *map(placeholder, call.operands), **placeholders(call))


def placeholders(call: Call) -> dict[str, Any]:
    return {name: placeholder(type) for name, type in call.keywords.items()}


def placeholder(type: TensorType) -> Any:
    import keras

    return array(type) if type.weak else keras.KerasTensor(type.shape, dtype=KERAS_NAMES[type.dtype])


# ---------------------------------------------------------------- names


def test_each_is_also_known_as_keras_has_it() -> None:
    for cls in operator_classes():
        if issubclass(cls, Function):
            assert find_operator(cls.keras) is cls


def test_hidden_functions_are_layers_activations_or_losses_by_their_bare_name() -> None:
    hidden = [name.removeprefix("ops.") for name in FUNCTIONS if name.startswith("ops.")]
    for name in hidden:
        cls = find_operator(name)
        assert find_configuration(name, "losses") if cls is None else not issubclass(cls, Function)


# ---------------------------------------------------------------- refusals

F = "f32"
#: what Keras refuses on both backends: function, attributes, operand types
REFUSED: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("mean", {"axis": 2}, [(F, 2, 3)]),
    ("mean", {"axis": (0, -2)}, [(F, 2, 3)]),
    ("argmax", {"axis": 0}, [(F,)]),
    ("norm", {"axis": (0, 1, 2)}, [(F, 2, 3, 4)]),
    ("norm", {"axis": 0, "ord": "fro"}, [(F, 2, 3)]),
    ("rsqrt", {}, [("i32", 2)]),
    ("negative", {}, [("bool", 2)]),
    ("sign", {}, [("bool", 2)]),
    ("ops.subtract", {}, [("bool", 2), ("bool", 2)]),
    ("ops.add", {}, [(F, 2, 3), (F, 2, 4)]),
    ("where", {}, [("bool", 2), (F, 3), (F, 3)]),
    ("bitwise_and", {}, [(F, 2), (F, 2)]),
    ("bitwise_invert", {}, [(F, 2)]),
    ("lcm", {}, [(F, 2), ("i32", 2)]),
    ("ldexp", {}, [("i32", 2), (F, 2)]),
    ("allclose", {}, [(F, 2), (F, 3)]),
    ("diff", {"n": -1}, [(F, 3)]),
    ("trapezoid", {"axis": 2}, [(F, 3, 3)]),
    ("searchsorted", {}, [(F, 3, 3), (F, 3)]),
    ("searchsorted", {"side": "middle"}, [(F, 3), (F, 3)]),
    ("digitize", {}, [(F, 3), (F, 3, 3)]),
    ("correlate", {}, [(F, 3, 3), (F, 3)]),
    ("vander", {}, [(F, 3, 3)]),
    ("percentile", {"q": 50, "axis": 2}, [(F, 3, 3)]),
    ("ops.average", {"axis": 1}, [(F, 2, 3), (F, 2)]),
    ("hstack", {}, [(F, 2, 3), (F, 3, 3)]),
    ("append", {"axis": 0}, [(F, 2, 3), (F, 2, 4)]),
    ("dsplit", {"indices_or_sections": 2}, [(F, 2, 4)]),
    ("array_split", {"indices_or_sections": 0}, [(F, 2, 4)]),
    ("meshgrid", {"indexing": "yx"}, [(F, 2), (F, 4)]),
    ("rot90", {"axes": (1, 1)}, [(F, 2, 4)]),
    ("fliplr", {}, [(F, 2)]),
    ("diag", {}, [(F, 2, 2, 2)]),
    ("trace", {"axis2": 0}, [(F, 2, 2)]),
    ("view", {"dtype": "i16"}, [("i8", 2, 3)]),
    ("slogdet", {}, [(F, 2, 3)]),
    ("vdot", {}, [(F, 3), (F, 4)]),
    ("inner", {}, [(F, 2, 3), (F, 2, 4)]),
    ("cross", {}, [(F, 2, 4), (F, 2, 4)]),
    ("matmul", {}, [(F, 2, 3), (F, 4, 3)]),
    ("matmul", {}, [(F,), (F, 3)]),
    ("matmul", {}, [(F, 4, 2, 3), (F, 5, 3, 4)]),
    ("ops.dot", {}, [(F, 2, 3), (F, 4, 3)]),
    ("tensordot", {"axes": 3}, [(F, 3, 4), (F, 4, 3)]),
    ("tensordot", {"axes": ((1,), (0, 1))}, [(F, 3, 4), (F, 4, 3)]),
    ("einsum", {"subscripts": "ij,jk->ik"}, [(F, 2, 3), (F, 4, 5)]),
    ("einsum", {"subscripts": "ij,jk->ik"}, [(F, 2, 3)]),
    ("einsum", {"subscripts": "ij->i"}, [(F, 2)]),
    ("einsum", {"subscripts": "ij->ik"}, [(F, 2, 3)]),
    ("einsum", {"subscripts": "ij->ii"}, [(F, 2, 3)]),
    ("transpose", {"axes": (0, 1)}, [(F, 2, 3, 4)]),
    ("transpose", {"axes": (0, 0, 1)}, [(F, 2, 3, 4)]),
    ("expand_dims", {"axis": 4}, [(F, 2, 3, 4)]),
    ("squeeze", {"axis": 1}, [(F, 1, 3)]),
    ("split", {"indices_or_sections": 3, "axis": 1}, [(F, 2, 4)]),
    ("split", {"indices_or_sections": (3, 1), "axis": 1}, [(F, 2, 4)]),
    ("split", {"indices_or_sections": 0}, [(F, 2, 4)]),
    ("stack", {}, [(F, 2), (F, 3)]),
    ("stack", {"axis": 2}, [(F, 2), (F, 2)]),
    ("ops.concatenate", {"axis": 1}, [(F, 2, 3), (F, 3, 3)]),
    ("ops.concatenate", {}, [(F, 2, 3), (F, 2)]),
    ("ops.concatenate", {}, [(F,), (F,)]),
    ("ops.reshape", {"newshape": (5, -1)}, [(F, 2, 3)]),
    ("ops.reshape", {"newshape": (-1, -1)}, [(F, 2, 3)]),
    ("ops.reshape", {"newshape": (4,)}, [(F, 2, 3)]),
    ("ops.reshape", {"newshape": (-2, 3)}, [(F, 2, 3)]),
    ("broadcast_to", {"shape": (3,)}, [(F, 2, 3)]),
    ("broadcast_to", {"shape": (1, 3)}, [(F, 2, 3)]),
    ("flip", {"axis": (0, 0)}, [(F, 2, 3)]),
    ("roll", {"shift": (1, 2, 3), "axis": (0, 1)}, [(F, 2, 3)]),
    ("repeat", {"repeats": -1, "axis": 0}, [(F, 2, 3)]),
    ("tile", {"repeats": (-1,)}, [(F, 2, 3)]),
    ("pad", {"pad_width": ((1, 1),) * 2}, [(F, 2, 3, 4)]),
    ("pad", {"pad_width": ((1, -1),)}, [(F, 2)]),
    ("pad", {"pad_width": ((1, 1),), "mode": "bogus"}, [(F, 2)]),
    ("pad", {"pad_width": ((1, 1),), "mode": "symmetric", "constant_values": 1}, [(F, 2)]),
    ("swapaxes", {"axis1": 0, "axis2": 3}, [(F, 2, 3)]),
    ("moveaxis", {"source": (0, 1), "destination": 2}, [(F, 2, 3, 4)]),
    ("take", {}, [(F, 2), (F, 2)]),
    ("take", {"axis": 2}, [(F, 2, 3), ("i32", 2)]),
    ("take_along_axis", {"axis": 1}, [(F, 2, 3), ("i32", 2)]),
    ("tril", {}, [(F, 3)]),
    ("diagonal", {"axis1": 1, "axis2": 1}, [(F, 2, 3)]),
    ("top_k", {"k": 4}, [(F, 2, 3)]),
    ("get_item", {"indices": (0, 0, 0)}, [(F, 2, 3)]),
    ("get_item", {"indices": ("...", "...")}, [(F, 2, 3)]),
    ("get_item", {"indices": ((None, None, 0),)}, [(F, 2, 3)]),
    ("arange", {"start": 0, "stop": 10, "step": 0}, []),
    ("arange", {"start": 10, "dtype": "bool"}, []),
    ("zeros", {"shape": (-1,)}, []),
    ("one_hot", {"num_classes": -1}, [("i32", 2)]),
    ("one_hot", {"num_classes": 3, "axis": 3}, [("i32", 2)]),
]


for family in (function_cases_images, function_cases_matrices, function_cases_network, function_cases_random):
    REFUSED += family.REFUSED


@pytest.mark.parametrize(("name", "attributes", "operands"), REFUSED)
def test_what_keras_refuses_is_refused(name: str, attributes: dict[str, Any], operands: list[tuple[Any, ...]]) -> None:
    types = tuple(TensorType(dtype, dims) for dtype, *dims in operands)
    with pytest.raises((OpError, AttributeFault)):
        make(name, attributes).infer(*types)
    cls = find_operator(name)
    assert cls is not None
    with pytest.raises(Exception):  # noqa: B017, PT011  # each backend has errors of its own
        keras_call(cls(attributes), [array(each) for each in types])


def test_str_is_no_number() -> None:
    for name in ("exp", "mean", "cast"):
        with pytest.raises(OpError) as caught:
            make(name, {"dtype": "f32"} if name == "cast" else {}).infer(TensorType("str", (2,)))
        assert caught.value.code == "dtype-mismatch"
    assert "str" in DTYPES
