"""Owns the functions of keras.ops that pick elements of a tensor: subscripts, gathering, triangles, sorting."""

from __future__ import annotations

from typing import Any

from netwright.compiler.dims import Dim, SymbolicDim, ceil_div, dim_max, dim_min, less_equal, less_than, positive
from netwright.compiler.ops.attributes import TYPES, AttributeType, attr, positive as is_positive
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, normal_axis
from netwright.compiler.ops.tensor_rules import broadcast, expect_dtype, expect_numbers, replaced
from netwright.compiler.types import Shape, TensorType


class Selection(Function, abstract=True):
    """y holds elements of x; nothing is computed."""

    def elementwise(self, *tensors: TensorType) -> Dim | None:
        return 0


# ---------------------------------------------------------------- subscripts

Bound = Dim | None
Index = Dim | tuple[Bound, Bound, Bound] | str | None


class _Indices(AttributeType):
    """A tuple of what stands between the brackets: an integer, (start, stop, step) for a slice, "..." or none for a new
    axis."""

    expected = "subscripts"

    def convert(self, value: Any, owner: Any) -> Any:
        items = value if isinstance(value, tuple) else (value,)
        if all(item is None or item == "..." or _is_slice(item) or _is_dim(item) for item in items):
            return items
        raise self.fault()


def _is_dim(item: Any) -> bool:
    return isinstance(item, (int, SymbolicDim)) and not isinstance(item, bool)


def _is_slice(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 3 and all(part is None or _is_dim(part) for part in item)


TYPES["Indices"] = _Indices()
Indices = tuple[Index, ...]  # what type checkers see behind the annotation name


class GetItem(Selection):
    """y = x[indices], with NumPy's rules of integers, slices, `...` and new axes; flow writes `x[:, 0]`."""

    indices: Indices

    def infer(self, x: TensorType) -> TensorType:
        dims: list[Dim] = []
        axis = 0
        for index in self._without_ellipsis(x):
            if index is None:
                dims.append(1)
                continue
            if isinstance(index, tuple):
                dims.append(slice_size(x.shape[axis], *index))
            else:
                check_index(index, x.shape[axis], axis)
            axis += 1
        return x.with_shape(*dims)

    def _without_ellipsis(self, x: TensorType) -> Indices:
        """One index for each axis, and those for new ones."""
        taken = sum(index is not None and index != "..." for index in self.indices)
        if taken > x.rank:
            message = f"a tensor of rank {x.rank} takes at most {x.rank} subscripts, found {taken}"
            raise OpError("rank-mismatch", message, at="indices", label=f"this is {x}")
        if self.indices.count("...") > 1:
            raise OpError("invalid-argument", "'...' can stand only once", at="indices")
        at = self.indices.index("...") if "..." in self.indices else len(self.indices)
        whole: Indices = ((None, None, None),) * (x.rank - taken)
        return (*self.indices[:at], *whole, *self.indices[at + 1 :])


def check_index(index: Any, dim: Dim, axis: int) -> None:
    """The index is not known to lie outside the axis."""
    if not _is_dim(index):
        raise OpError("invalid-argument", "a subscript is an integer or a slice, known at compile time", at="indices")
    if less_than(index, dim) is False or less_equal(-dim, index) is False:
        raise OpError("index-out-of-range", f"index {index} is outside axis {axis} of size {dim}", at="indices")


def slice_size(dim: Dim, start: Bound, stop: Bound, step: Bound) -> Dim:
    """The number of elements that [start:stop:step] takes of an axis of size `dim`, by Python's rules."""
    if not all(part is None or _is_dim(part) for part in (start, stop, step)):
        raise OpError("invalid-argument", "the bounds of a slice are integers, known at compile time", at="indices")
    stride = 1 if step is None else step
    if not isinstance(stride, int) or stride == 0:
        raise OpError("invalid-argument", f"a step is an integer other than 0, found {stride}", at="indices")
    if stride > 0:
        length = _clamp(stop, dim, dim, 0, dim) - _clamp(start, 0, dim, 0, dim)
    else:
        length = _clamp(start, dim - 1, dim, -1, dim - 1) - _clamp(stop, -1, dim, -1, dim - 1)
    if positive(length) is False:
        text = ":".join("" if part is None else str(part) for part in (start, stop, step))
        raise OpError("impossible-size", f"the slice [{text}] of an axis of size {dim} is empty", at="indices")
    return ceil_div(length, abs(stride))


def _clamp(bound: Bound, default: Dim, dim: Dim, low: Dim, high: Dim) -> Dim:
    """Where a bound stands, counted from 0; negative ones count from the end."""
    if bound is None:
        return default
    counted = less_equal(0, bound)
    if counted is None:
        message = f"whether the bound {bound} counts from the end depends on the sizes"
        raise OpError("undecidable", message, at="indices")
    return dim_min(bound, high) if counted else dim_max(dim + bound, low)


# ---------------------------------------------------------------- gathering


def _expect_indices(indices: TensorType) -> None:
    expect_dtype(indices, indices.dtype in ("i16", "i32", "i64"), "indices of i16, i32 or i64", at=1)


class Take(Selection):
    """y = the slices of x along `axis` at the indices; x: (a, d, b), indices: s → y: (a, s, b); none: of the flattened
    x."""

    operands = ("x", "indices")
    axis: int | None = None

    def infer(self, x: TensorType, indices: TensorType) -> TensorType:
        _expect_indices(indices)
        if self.axis is None:
            return x.with_shape(*indices.shape)
        axis = normal_axis(self.axis, x.rank)
        return x.with_shape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


class TakeAlongAxis(Selection):
    """y_i = x at index_i along `axis`, the other axes broadcast; x: (a, d, b), indices: (a, k, b) → y: (a, k, b)."""

    operands = ("x", "indices")
    axis: int | None = None

    def infer(self, x: TensorType, indices: TensorType) -> TensorType:
        _expect_indices(indices)
        wanted = 1 if self.axis is None else x.rank
        if indices.rank != wanted:
            message = f"expected indices of rank {wanted}, found rank {indices.rank}"
            raise OpError("rank-mismatch", message, at=1, label=f"this is {indices}")
        if self.axis is None:
            return x.with_shape(*indices.shape)
        axis = normal_axis(self.axis, x.rank)
        shape: Shape = broadcast(replaced(x.shape, axis, 1), replaced(indices.shape, axis, 1))
        return x.with_shape(*replaced(shape, axis, indices.shape[axis]))


# ---------------------------------------------------------------- triangles


class Triangle(Selection, abstract=True):
    """y is x with 0 on one side of its `k`-th diagonal; x: (..., n, m) → y: (..., n, m)."""

    k: int = 0

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 2)
        if less_equal(*self.reach(x)) is False:
            message = f"diagonal {self.k} lies outside {x}, so all of it would be kept"
            raise OpError("impossible-size", message, at="k")
        return x

    def reach(self, x: TensorType) -> tuple[Dim, Dim]:
        """How far the diagonal lies on the side that is kept, and how far it may lie for TensorFlow."""
        raise NotImplementedError


class Tril(Triangle):
    """y_ij = x_ij where j ≤ i + k, else 0."""

    def reach(self, x: TensorType) -> tuple[Dim, Dim]:
        return self.k, x.shape[-1]


class Triu(Triangle):
    """y_ij = x_ij where j ≥ i + k, else 0."""

    def reach(self, x: TensorType) -> tuple[Dim, Dim]:
        return -self.k, x.shape[-2]


def diagonal_size(x: TensorType, rows: int, columns: int, offset: int) -> Dim:
    """The length of the diagonal that lies `offset` to the right of the main one."""
    return dim_min(x.shape[rows] - max(-offset, 0), x.shape[columns] - max(offset, 0))


class Diagonal(Selection):
    """y_i = x_(i, i + offset) over two axes; x: (n, m, ...) → y: (..., size of the diagonal)."""

    offset: int = 0
    axis1: int = 0
    axis2: int = 1

    def infer(self, x: TensorType) -> TensorType:
        rows, columns = normal_axis(self.axis1, x.rank, "axis1"), normal_axis(self.axis2, x.rank, "axis2")
        if rows == columns:
            raise OpError("invalid-argument", f"two different axes are needed, found {self.axis1} twice", at="axis2")
        length = diagonal_size(x, rows, columns, self.offset)
        if positive(length) is False:
            message = f"{x} has no diagonal at offset {self.offset}"
            raise OpError("impossible-size", message, at="offset")
        rest = (dim for axis, dim in enumerate(x.shape) if axis not in (rows, columns))
        return x.with_shape(*rest, length)


# ---------------------------------------------------------------- sorting


class Sorting(Function, abstract=True):
    """y orders x along `axis`; none: the flattened x. What that costs is not known."""

    axis: int | None = -1

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        if self.axis is None:
            return x.with_shape(x.size)
        normal_axis(self.axis, x.rank)
        return x


class Sort(Sorting):
    """y = x in rising order."""


class Argsort(Sorting):
    """y = the indices that put x in rising order, i32."""

    def infer(self, x: TensorType) -> TensorType:
        return super().infer(x).with_dtype("i32")


class TopK(Function):
    """(the k greatest of the last axis, their indices); x: (..., d) → (..., k), i32 (..., k). The cost is not known."""

    k: int = attr(is_positive)
    sorted: bool = True

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_numbers(x)
        expect_dtype(x, x.dtype != "bool", "numbers")
        expect_min_rank(x, 1)
        if less_equal(self.k, x.shape[-1]) is False:
            message = f"the last axis has {x.shape[-1]} elements, fewer than {self.k}"
            raise OpError("impossible-size", message, at="k", label=f"this is {x}")
        values = x.with_shape(*x.shape[:-1], self.k)
        return values, values.with_dtype("i32")
