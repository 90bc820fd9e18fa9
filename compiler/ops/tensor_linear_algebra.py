"""Owns the products of tensors in keras.ops. A multiply-add is one MAC; all of them have the operands' common dtype."""

from __future__ import annotations

from typing import Any

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, AttributeFault, AttributeType
from netwright.compiler.ops.einsum_equation import Equation, EquationFault
from netwright.compiler.ops.op import Function, OpError, expect_min_rank
from netwright.compiler.ops.tensor_rules import (
    broadcast,
    common_dtype,
    expect_dtype,
    expect_equal,
    expect_numbers,
    normal_axes,
    product,
    product_dtype,
    show,
)
from netwright.compiler.types import Shape, TensorType


def matmul_shape(left: Shape, right: Shape) -> Shape:
    """(..., n, k) x (..., k, m) → (..., n, m), the leading axes broadcast; a vector stands for one row or column."""
    rows, columns = left[-2:-1], right[-1:] if len(right) > 1 else ()
    inner = right[-2] if len(right) > 1 else right[0]
    expect_equal(left[-1], inner, f"the last axis of {show(left)} and the rows of {show(right)}")
    return (*broadcast(left[:-2], right[:-2]), *rows, *columns)


class Product(Function, abstract=True):
    """A sum of products; nothing beside multiply-adds."""

    operands = ("x1", "x2")

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Matmul(Product):
    """y = x1 x2, batched; (..., n, k), (..., k, m) → (..., n, m); flow writes `x1 @ x2`."""

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        expect_min_rank(x1, 1, at=0)
        expect_min_rank(x2, 1, at=1)
        return TensorType(product_dtype(x1, x2), matmul_shape(x1.shape, x2.shape))

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size * x1.shape[-1]


class _Subscripts(AttributeType):
    """An einsum equation; the normal form has no spaces and an explicit output."""

    expected = 'an equation such as "ij,jk->ik"'

    def convert(self, value: Any, owner: Any) -> Any:
        if not isinstance(value, str):
            raise self.fault()
        try:
            return str(Equation.parse(value))
        except EquationFault as fault:
            raise AttributeFault(self.expected, help=str(fault)) from None

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


TYPES["Subscripts"] = _Subscripts()
Subscripts = str  # what type checkers see behind the annotation name


class Einsum(Function):
    """Σ over the labels that the output lacks of the product of the operands; `(q, k) -> einsum("bqd,bkd->bqk")`."""

    operands = ("operands",)
    variadic = True
    fewest = 1
    convention = "einsum"
    subscripts: Subscripts

    def infer(self, *operands: TensorType) -> TensorType:
        expect_numbers(*operands)
        for index, operand in enumerate(operands):
            expect_dtype(operand, operand.dtype != "bool", "numbers", at=index)
        shape = Equation.parse(self.subscripts).infer([operand.shape for operand in operands])
        return TensorType(product_dtype(*operands), shape)

    def macs(self, *tensors: TensorType) -> Dim:
        return Equation.parse(self.subscripts).macs([operand.shape for operand in tensors[:-1]])

    def elementwise(self, *tensors: TensorType) -> Dim:
        """A sum over one operand is additions alone."""
        given, _, kept = self.subscripts.partition("->")
        return tensors[0].size if len(tensors) == 2 and set(given) > set(kept) else 0


class Dot(Product):
    """Σ over the last axis of x1 and the last but one of x2; (a, k), (b, k, m) → (a, b, m); numbers multiply. The bare
    name is the layer."""

    name_in_flow = "ops.dot"

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        return TensorType(common_dtype(x1, x2), self._shape(x1.shape, x2.shape))

    def _shape(self, left: Shape, right: Shape) -> Shape:
        if not left or not right:
            return left + right
        inner = right[-2] if len(right) > 1 else right[0]
        expect_equal(left[-1], inner, f"the last axis of {show(left)} and the rows of {show(right)}")
        return (*left[:-1], *right[:-2], *(right[-1:] if len(right) > 1 else ()))

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size * x1.shape[-1] if x1.rank and x2.rank else y.size


class Outer(Product):
    """y_ij = x1_i x2_j of the flattened tensors; s, t → (size of s, size of t)."""

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        return TensorType(common_dtype(x1, x2), (x1.size, x2.size))

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size


class _ContractedAxes(AttributeType):
    """The number of axes, or (axes of x1, axes of x2), each one axis or several."""

    expected = "a number of axes, or a pair of axes or lists of axes"

    def convert(self, value: Any, owner: Any) -> Any:
        if not isinstance(value, tuple):
            return TYPES["int"].convert(value, owner)
        if len(value) != 2:
            raise self.fault()
        return tuple(TYPES["Ints"].convert(item if isinstance(item, tuple) else (item,), owner) for item in value)

    def schema(self) -> dict[str, Any]:
        axes = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": axes, "minItems": 2, "maxItems": 2}]}


TYPES["ContractedAxes"] = _ContractedAxes()
ContractedAxes = int | tuple[tuple[int, ...], tuple[int, ...]]  # what type checkers see


class Tensordot(Product):
    """Σ over the last `axes` axes of x1 and the first of x2, or over named pairs; (a, k), (k, b) → (a, b)."""

    axes: ContractedAxes = 2

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        left, right = self._contracted(x1, x2)
        for one, other in zip(left, right, strict=True):
            expect_equal(x1.shape[one], x2.shape[other], f"axis {one} of x1 and axis {other} of x2", at="axes")
        kept = [dim for axis, dim in enumerate(x1.shape) if axis not in left]
        return TensorType(common_dtype(x1, x2), (*kept, *(dim for i, dim in enumerate(x2.shape) if i not in right)))

    def _contracted(self, x1: TensorType, x2: TensorType) -> tuple[tuple[int, ...], tuple[int, ...]]:
        if isinstance(self.axes, int):
            if not 0 <= self.axes <= min(x1.rank, x2.rank):
                message = f"tensors of ranks {x1.rank} and {x2.rank} have no {self.axes} axes to contract"
                raise OpError("rank-mismatch", message, at="axes")
            return tuple(range(x1.rank - self.axes, x1.rank)), tuple(range(self.axes))
        left, right = normal_axes(self.axes[0], x1.rank, "axes"), normal_axes(self.axes[1], x2.rank, "axes")
        if len(left) != len(right):
            message = f"as many axes of either are needed, found {len(left)} and {len(right)}"
            raise OpError("invalid-argument", message, at="axes")
        return left, right

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        left, _ = self._contracted(x1, x2)
        return y.size * product(tuple(x1.shape[axis] for axis in left))
