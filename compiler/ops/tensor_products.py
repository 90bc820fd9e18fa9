"""Owns the products of vectors in keras.ops: inner, vdot, cross, kron. Those of matrices are in
`tensor_linear_algebra.py`."""

from __future__ import annotations

from netwright.compiler.dims import Dim
from netwright.compiler.ops.op import OpError, expect_min_rank, expect_rank, known_size, normal_axis
from netwright.compiler.ops.tensor_linear_algebra import Product
from netwright.compiler.ops.tensor_rules import (
    broadcast,
    common_dtype,
    expect_equal,
    expect_numbers,
    expect_tensors,
    show,
)
from netwright.compiler.types import Shape, TensorType


class Inner(Product):
    """Σ over the last axes of both; (a, k), (b, k) → (a, b); numbers multiply. XLA compiles it on JAX alone."""

    not_run_on = ("tensorflow",)

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        if x1.rank and x2.rank:
            expect_equal(x1.shape[-1], x2.shape[-1], f"the last axes of {show(x1.shape)} and {show(x2.shape)}")
        shape = (*x1.shape[:-1], *x2.shape[:-1]) if x1.rank and x2.rank else x1.shape + x2.shape
        return TensorType(common_dtype(x1, x2), shape)

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size * x1.shape[-1] if x1.rank and x2.rank else y.size


class Vdot(Product):
    """y = Σ x1 x2 of the flattened tensors; s, t of one size → ()."""

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        expect_tensors(x1, x2)
        expect_equal(x1.size, x2.size, "the sizes of x1 and x2")
        return TensorType(common_dtype(x1, x2), ())

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return x1.size


def _expect_factors(x1: TensorType, x2: TensorType) -> None:
    """Both are tensors of numbers, one of them perhaps of booleans."""
    expect_numbers(x1, x2)
    expect_tensors(x1, x2)
    if x1.dtype == x2.dtype == "bool":
        raise OpError("dtype-mismatch", "booleans have no products", help="cast one to a number type")


class Kron(Product):
    """y_(i m + j) = x1_i x2_j along every axis of two vectors or matrices; (n, ...), (m, ...) → (n m, ...). XLA
    compiles it on JAX alone."""

    not_run_on = ("tensorflow",)

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        _expect_factors(x1, x2)
        expect_rank(x1, 0, 1, 2, at=0)  # TensorFlow's backend does not broadcast those of more
        expect_rank(x2, x1.rank, at=1)  # of others Keras infers another shape than it computes
        sides = zip(x1.shape, x2.shape, strict=True)
        return TensorType(common_dtype(x1, x2), (one * other for one, other in sides))

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size


class Cross(Product):
    """y = x1 × x2 of vectors of 3 (or 2, whose third number is 0) along `axisa` of x1, `axisb` of x2 and `axisc` of y,
    or `axis` of all; the rest broadcasts. Of two vectors of 2, y is the third number alone."""

    axisa: int = -1
    axisb: int = -1
    axisc: int = -1
    axis: int | None = None

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        _expect_factors(x1, x2)
        left, rest = self._parts(x1, "axisa", 0)
        right, others = self._parts(x2, "axisb", 1)
        shape = broadcast(rest, others)
        whole = max(left, right) == 3
        place = self._axis("axisc", len(shape) + whole)
        return TensorType(common_dtype(x1, x2), (*shape[:place], 3, *shape[place:]) if whole else shape)

    def _axis(self, name: str, rank: int) -> int:
        name = name if self.axis is None else "axis"
        return normal_axis(getattr(self, name), rank, name)

    def _parts(self, x: TensorType, name: str, at: int) -> tuple[int, Shape]:
        """The size of the vectors, and the shape that they fill."""
        expect_min_rank(x, 1, at=at)
        axis = self._axis(name, x.rank)
        size = known_size(x.shape[axis], "the size of the vectors", at=at)
        if size not in (2, 3):
            message = f"expected vectors of 2 or 3, found {size} along axis {axis}"
            raise OpError("shape-mismatch", message, at=at, label=f"this is {x}")
        return size, (*x.shape[:axis], *x.shape[axis + 1 :])

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return 2 * y.size
