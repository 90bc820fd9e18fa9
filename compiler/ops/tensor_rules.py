"""Owns what the tensor functions share: broadcasting and dtype promotion as OpErrors, axes, and the dims that a spec
may give where Keras wants sizes. Knows no single function."""

from __future__ import annotations

from typing import Any

from netwright.compiler.dims import Dim, SymbolicDim
from netwright.compiler.dtypes import PromotionError, is_float, promote
from netwright.compiler.ops.attributes import TYPES, AttributeType
from netwright.compiler.ops.op import OpError, normal_axis
from netwright.compiler.ops.shapes import agree, broadcast as broadcast_two
from netwright.compiler.types import Shape, TensorType

# ---------------------------------------------------------------- attribute types


class _Dim(AttributeType):
    """An integer, or a size that is known by name only."""

    expected = "an integer or a dim"

    def convert(self, value: Any, owner: Any) -> Any:
        return value if isinstance(value, SymbolicDim) else TYPES["int"].convert(value, owner)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer"}


class _Dims(AttributeType):
    """A tuple of dims; one dim stands for a list of one."""

    expected = "a list of sizes"

    def convert(self, value: Any, owner: Any) -> Any:
        return tuple(TYPES["Dim"].convert(item, owner) for item in (value if isinstance(value, tuple) else (value,)))

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}


class _Pairs(AttributeType):
    """A tuple of pairs of integers."""

    expected = "a list of pairs of integers"

    def convert(self, value: Any, owner: Any) -> Any:
        if not (isinstance(value, tuple) and all(isinstance(item, tuple) and len(item) == 2 for item in value)):
            raise self.fault()
        return tuple(TYPES["Ints"].convert(item, owner) for item in value)

    def schema(self) -> dict[str, Any]:
        pair = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
        return {"type": "array", "items": pair}


TYPES |= {"Dim": _Dim(), "Dims": _Dims(), "Pairs": _Pairs()}

# what type checkers see behind the annotation names
Dims = tuple[Dim, ...]
Pairs = tuple[tuple[int, int], ...]

# ---------------------------------------------------------------- dtypes


def expect_numbers(*operands: TensorType) -> None:
    """No operand is a str tensor."""
    for index, operand in enumerate(operands):
        if operand.dtype == "str":
            message = "expected numbers, found a tensor of str"
            raise OpError("dtype-mismatch", message, at=index, label=f"this is {operand}")


def expect_tensors(*operands: TensorType) -> None:
    """No operand is a number, where Keras takes tensors alone."""
    for index, operand in enumerate(operands):
        if operand.weak:
            help = f"make a tensor of it: `full([1], 2, dtype={operand.dtype})`"
            raise OpError("dtype-mismatch", "expected a tensor, found a number", at=index, help=help)


def expect_dtype(operand: TensorType, fits: bool, wanted: str, at: int = 0) -> None:
    """`fits`, or an error that `wanted` was expected: 'floats'."""
    if not fits:
        help = "convert it with `cast(f32)`" if wanted == "floats" else None
        message = f"expected {wanted}, found {operand.dtype}"
        raise OpError("dtype-mismatch", message, at=at, label=f"this is {operand}", help=help)


def common_dtype(*operands: TensorType | str) -> str:
    """The dtype that operands (and dtypes or the weak 'int', 'float') promote to."""
    try:
        return promote(*map(_kind, operands))
    except PromotionError:
        raise OpError("dtype-mismatch", "str and numbers have no common dtype") from None


def product_dtype(*operands: TensorType) -> str:
    """The common dtype; products of i8 alone are summed as i32."""
    dtype = common_dtype(*operands)
    return "i32" if all(operand.dtype == "i8" for operand in operands) else dtype


def agreed_dtype(*operands: TensorType | str) -> str:
    """The common dtype, where that is the same whether numbers promote weakly, as on JAX, or are tensors first, as
    Keras's TensorFlow backend has it for some functions."""
    dtype = common_dtype(*operands)
    if dtype != common_dtype(*(operand if isinstance(operand, str) else operand.dtype for operand in operands)):
        given = " and ".join(operand.dtype for operand in operands if not isinstance(operand, str))
        message = f"Keras's backends disagree about the dtype of {given} with a number"
        raise OpError("dtype-mismatch", message, help="cast the tensor to f32 or i32 first")
    return dtype


def float_dtype(*operands: TensorType | str) -> str:
    """The float of what operands promote to: i64 gives f64, other integers and bool f32."""
    dtype = common_dtype(*operands)
    return dtype if is_float(dtype) else "f64" if dtype == "i64" else "f32"


def _kind(operand: TensorType | str) -> str:
    if isinstance(operand, str):
        return operand
    return {"i32": "int", "f32": "float"}.get(operand.dtype, operand.dtype) if operand.weak else operand.dtype


# ---------------------------------------------------------------- shapes


def broadcast(*shapes: Shape) -> Shape:
    """The common shape by NumPy's rule, supposing that sizes fit where that cannot be decided."""
    result: Shape = ()
    for shape in shapes:
        common = broadcast_two(result, shape)
        if common is None:
            message = f"shapes {show(result)} and {show(shape)} do not broadcast"
            raise OpError("shape-mismatch", message, help=_how_to_fit(result, shape))
        result = common
    return result


def _how_to_fit(left: Shape, right: Shape) -> str:
    """What to do about the first axis, from the end, that keeps two shapes from broadcasting."""
    pairs = enumerate(zip(reversed(left), reversed(right), strict=False), start=1)
    axis, one, other = next((-n, x, y) for n, (x, y) in pairs if broadcast_two((x,), (y,)) is None)
    return f"axis {axis} is {one} on one side and {other} on the other: make them equal, or one of them 1"


def show(shape: Shape) -> str:
    """`[N, 10]`."""
    return f"[{', '.join(map(str, shape))}]"


def expect_equal(left: Dim, right: Dim, what: str, at: str | int | None = None) -> None:
    """The dims are not known to differ. `what` names them: 'the inner dims'."""
    if agree(left, right) is None:
        raise OpError("shape-mismatch", f"{what} differ: {left} and {right}", at=at)


def normal_axes(axis: int | tuple[int, ...] | None, rank: int, at: str = "axis") -> tuple[int, ...]:
    """The axes counted from 0, in the given order; none stands for all. Each at most once."""
    if axis is None:
        return tuple(range(rank))
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = tuple(normal_axis(item, rank, at) for item in given)
    if len(set(axes)) < len(axes):
        raise OpError("invalid-argument", f"an axis is given twice in {list(given)}", at=at)
    return axes


def product(dims: Shape) -> Dim:
    """The number of elements of a shape."""
    total: Dim = 1
    for dim in dims:
        total = total * dim
    return total


def replaced(shape: Shape, axis: int, dim: Dim) -> Shape:
    """The shape with another dim at `axis` (counted from 0)."""
    return (*shape[:axis], dim, *shape[axis + 1 :])
