"""Owns the functions of keras.ops that see a tensor as matrices: diagonals, turning, determinants."""

from __future__ import annotations

from netwright.compiler.dims import Dim, positive
from netwright.compiler.ops.attributes import Ints
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, expect_rank, normal_axis
from netwright.compiler.ops.tensor_indexing import diagonal_size
from netwright.compiler.ops.tensor_reduction import WIDER
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_equal, expect_numbers, normal_axes
from netwright.compiler.ops.tensor_shape import Rearrangement
from netwright.compiler.types import TensorType

# ---------------------------------------------------------------- diagonals


class Diagflat(Rearrangement):
    """y is 0 but for the flattened x on the `k`-th diagonal; x: s → y: (n, n), n = size of s + |k|."""

    k: int = 0

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        side = x.size + abs(self.k)
        return x.with_shape(side, side)


class Diag(Diagflat):
    """y is 0 but for x on the `k`-th diagonal; x: (n,) → y: (n + |k|, n + |k|). Of a matrix, y is that diagonal."""

    def infer(self, x: TensorType) -> TensorType:
        expect_rank(x, 1, 2)
        if x.rank == 1:
            return super().infer(x)
        expect_numbers(x)
        size = diagonal_size(x, 0, 1, self.k)
        if positive(size) is False:
            raise OpError("impossible-size", f"{x} has no diagonal {self.k}", at="k")
        return x.with_shape(size)


class Trace(Function):
    """y = Σ x_(i, i + offset) over two axes; x: (n, m, ...) → y: (...). Small integers are summed in 32 bits."""

    gradient_reads = ()
    offset: int = 0
    axis1: int = 0
    axis2: int = 1

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        rows, columns = normal_axis(self.axis1, x.rank, "axis1"), normal_axis(self.axis2, x.rank, "axis2")
        if rows == columns:
            raise OpError("invalid-argument", f"two different axes are needed, found {self.axis1} twice", at="axis2")
        if positive(diagonal_size(x, rows, columns, self.offset)) is False:
            raise OpError("impossible-size", f"{x} has no diagonal at offset {self.offset}", at="offset")
        rest = (dim for axis, dim in enumerate(x.shape) if axis not in (rows, columns))
        return TensorType(WIDER.get(x.dtype, x.dtype), rest)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


# ---------------------------------------------------------------- turning


class Fliplr(Rearrangement):
    """y is x backwards along axis 1."""

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 2)
        return x


class Flipud(Rearrangement):
    """y is x backwards along axis 0."""

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        return x


class Rot90(Rearrangement):
    """y is array turned `k` times by 90° in a plane, from its first axis to its second; (n, m) → (m, n) for odd k."""

    operands = ("array",)
    k: int = 1
    axes: Ints = (0, 1)

    def infer(self, array: TensorType) -> TensorType:
        expect_min_rank(array, 2)
        axes = normal_axes(self.axes, array.rank, at="axes")
        if len(axes) != 2:
            raise OpError("invalid-argument", f"a plane has two axes, found {list(self.axes)}", at="axes")
        dims = list(array.shape)
        if self.k % 2:
            dims[axes[0]], dims[axes[1]] = dims[axes[1]], dims[axes[0]]
        return array.with_shape(*dims)

    def works_symbolically(self, *operands: TensorType, **tensors: TensorType) -> bool:
        return self.k % 2 == 1  # it takes every turn for one by 90°


# ---------------------------------------------------------------- determinants


class Slogdet(Function):
    """(the sign of the determinant, ln of its size); x: (n, n) → (), (). What that costs is not known. XLA
    compiles it on JAX alone."""

    not_run_on = ("tensorflow",)

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_dtype(x, x.dtype in ("f32", "f64"), "f32")
        expect_rank(x, 2)  # of several matrices Keras infers another shape than it computes
        expect_equal(x.shape[0], x.shape[1], "the sides of the matrix", at=0)
        return x.with_shape(), x.with_shape()

    def macs(self, *tensors: TensorType) -> None:
        """Not known."""
