"""Owns the functions of keras.ops that make several tensors one or one several. They cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from netwright.compiler.dims import Dim, ceil_div, equal, less_equal, positive
from netwright.compiler.ops.attributes import Ints, attr, one_of, positive as is_positive
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, expect_rank, normal_axis
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_tensors, replaced, show
from netwright.compiler.types import Shape, TensorType


def same_shape(tensors: Sequence[TensorType], besides: int | None = None) -> Shape:
    """The shape that all the tensors have, apart from the axis `besides`."""
    common = tensors[0].shape
    for index, tensor in enumerate(tensors):
        if tensor.rank != len(common):
            message = f"tensors of one rank are needed, found {len(common)} and {tensor.rank}"
            raise OpError("rank-mismatch", message, at=index, label=f"this is {tensor}")
        for axis, (one, other) in enumerate(zip(common, tensor.shape, strict=True)):
            dim = one if axis == besides else agree(one, other)
            if dim is None:
                message = f"shapes {show(common)} and {show(tensor.shape)} differ at axis {axis}: {one} and {other}"
                raise OpError("shape-mismatch", message, at=index, label=f"this is {tensor}")
            common = replaced(common, axis, dim)
    return common


class Joining(Function, abstract=True):
    """y holds the elements of all tensors, in their common dtype."""

    operands = ("xs",)
    variadic = True
    fewest = 1
    convention = "list"

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Concatenate(Joining):
    """y joins tensors along `axis`; n x (..., d_i, ...) → y: (..., Σ d_i, ...)."""

    name_in_flow = "ops.concatenate"
    axis: int = 0

    def infer(self, *xs: TensorType) -> TensorType:
        return joined(xs, normal_axis(self.axis, xs[0].rank))


def joined(xs: Sequence[TensorType], axis: int) -> TensorType:
    """The tensors one after another along the axis, counted from 0."""
    shape = same_shape(xs, besides=axis)
    total: Dim = 0
    for x in xs:
        total = total + x.shape[axis]
    return TensorType(common_dtype(*xs), replaced(shape, axis, total))


class Stack(Joining):
    """y joins n tensors along a new axis; n x s → y: (..., n, ...)."""

    operands = ("x",)
    axis: int = 0

    def infer(self, *x: TensorType) -> TensorType:
        shape = same_shape(x)
        axis = normal_axis(self.axis, len(shape) + 1)
        return TensorType(common_dtype(*x), (*shape[:axis], len(x), *shape[axis:]))


class Hstack(Joining):
    """y joins tensors along axis 1; n x (a, d_i, ...) → y: (a, Σ d_i, ...)."""

    #: where the tensors are joined
    place: ClassVar[int] = 1

    def infer(self, *xs: TensorType) -> TensorType:
        for at, x in enumerate(xs):
            expect_min_rank(x, 2, at=at)
        return joined(xs, self.place)


class Vstack(Hstack):
    """y joins tensors along axis 0; n x (d_i, ...) → y: (Σ d_i, ...)."""

    place = 0


class Dstack(Joining):
    """y joins tensors along axis 2, (n,) seen as (1, n, 1) and (n, m) as (n, m, 1); n x (a, b, d_i, ...)
    → y: (a, b, Σ d_i, ...)."""

    def infer(self, *xs: TensorType) -> TensorType:
        return joined([x.with_shape(*_deep(x.shape)) for x in xs], 2)


def _deep(shape: Shape) -> Shape:
    """The shape with at least three axes."""
    plane = (1, *(shape or (1,))) if len(shape) < 2 else shape
    return plane if len(plane) > 2 else (*plane, 1)


class Append(Function):
    """y joins two tensors along `axis`; (..., n, ...), (..., m, ...) → (..., n + m, ...); none: the flattened ones."""

    operands = ("x1", "x2")
    axis: int | None = None

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_tensors(x1, x2)
        if self.axis is None:
            return TensorType(common_dtype(x1, x2), (x1.size + x2.size,))
        return joined((x1, x2), normal_axis(self.axis, x1.rank))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Meshgrid(Function):
    """As many tensors as x, each constant along the axes of the others; (n,), (m,), ... → (m, n, ...), or (n, m, ...)
    where indexing is ij."""

    operands = ("x",)
    variadic = True
    indexing: str = attr(one_of("xy", "ij"), default="xy")

    def infer(self, *x: TensorType) -> tuple[TensorType, ...]:
        for at, each in enumerate(x):
            expect_tensors(each)
            expect_rank(each, 1, at=at)
            if each.dtype != x[0].dtype:
                message = f"tensors of one dtype are needed, found {x[0].dtype} and {each.dtype}"
                raise OpError("dtype-mismatch", message, at=at, label=f"this is {each}")
        first, second, *rest = [each.shape[0] for each in x]
        sizes = (second, first, *rest) if self.indexing == "xy" else (first, second, *rest)
        return (x[0].with_shape(*sizes),) * len(x)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Splitting(Function, abstract=True):
    """Several tensors that together hold x."""

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Parts(Splitting, abstract=True):
    """A tuple of `indices_or_sections` equal parts along an axis, or of the parts between the indices."""

    indices_or_sections: int | Ints

    def parts(self, x: TensorType, axis: int) -> tuple[TensorType, ...]:
        """The parts along the axis, counted from 0."""
        return tuple(x.with_shape(*replaced(x.shape, axis, size)) for size in self._sizes(x.shape[axis]))

    def _sizes(self, dim: Dim) -> list[Dim]:
        given = self.indices_or_sections
        if isinstance(given, int):
            return self._equal_sizes(dim, given)
        if not given:
            raise OpError("invalid-argument", "at least one index is needed", at="indices_or_sections")
        sizes = [after - before for before, after in zip((0, *given), (*given, dim), strict=True)]
        for size in sizes:
            if positive(size) is False:
                message = f"the indices {list(given)} leave a part of size {size} of {dim}"
                raise OpError("impossible-size", message, at="indices_or_sections")
        return sizes

    def _equal_sizes(self, dim: Dim, parts: int) -> list[Dim]:
        if parts < 1:
            message = f"expected a positive number of parts, found {parts}"
            raise OpError("invalid-argument", message, at="indices_or_sections")
        if equal(dim % parts, 0) is False or positive(dim // parts) is False:
            message = f"a dim of size {dim} does not split into {parts} equal parts"
            raise OpError("impossible-size", message, at="indices_or_sections")
        return [dim // parts] * parts


class Split(Parts):
    """A tuple of `indices_or_sections` equal parts along `axis`, or of the parts between the indices;
    x: (..., d, ...) → n x (..., d / n, ...)."""

    axis: int = 0

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        return self.parts(x, normal_axis(self.axis, x.rank))


class Hsplit(Parts):
    """A tuple of `indices_or_sections` equal parts along axis 1, or of the parts between the indices;
    x: (a, d, ...) → n x (a, d / n, ...). A vector is split along axis 0."""

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        expect_min_rank(x, 1)
        return self.parts(x, min(1, x.rank - 1))


class Vsplit(Parts):
    """A tuple of `indices_or_sections` equal parts along axis 0, or of the parts between the indices;
    x: (d, ...) → n x (d / n, ...)."""

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        expect_min_rank(x, 2)
        return self.parts(x, 0)


class Dsplit(Parts):
    """A tuple of `indices_or_sections` equal parts along axis 2, or of the parts between the indices;
    x: (a, b, d, ...) → n x (a, b, d / n, ...)."""

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        expect_min_rank(x, 3)
        return self.parts(x, 2)


class ArraySplit(Splitting):
    """A tuple of `indices_or_sections` parts along `axis`, the first of them longer by 1 where d does not divide;
    x: (..., d, ...) → n x (..., ⌈(d - i) / n⌉, ...)."""

    indices_or_sections: int = attr(is_positive)
    axis: int = 0

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        axis = normal_axis(self.axis, x.rank)
        dim, parts = x.shape[axis], self.indices_or_sections
        if less_equal(parts, dim) is False:
            message = f"a dim of size {dim} does not split into {parts} parts"
            raise OpError("impossible-size", message, at="indices_or_sections")
        sizes = (ceil_div(dim - part, parts) for part in range(parts))
        return tuple(x.with_shape(*replaced(x.shape, axis, size)) for size in sizes)


class UnravelIndex(Splitting):
    """A tuple of the indices along each axis of `shape` that the indices into the flattened shape mean;
    indices: (n,) → an (n,) for each axis."""

    operands = ("indices",)
    shape: Ints = attr(is_positive)

    def infer(self, indices: TensorType) -> tuple[TensorType, ...]:
        expect_rank(indices, 1)
        expect_dtype(indices, indices.is_integer, "integers")
        return (indices,) * len(self.shape)


class Unstack(Splitting):
    """A tuple of the slices along `axis`; x: (..., n, ...) → n x (..., ...)."""

    num: int | None = None
    axis: int = 0

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        axis = normal_axis(self.axis, x.rank)
        dim = x.shape[axis]
        count = dim if isinstance(dim, int) else self.num
        if count is None:
            raise OpError("unknown-size", f"the number of slices must be known, found '{dim}'", help="give num")
        if self.num is not None and self.num != count:
            raise OpError("shape-mismatch", f"axis {axis} has {count} slices, not {self.num}", at="num")
        return (x.with_shape(*x.shape[:axis], *x.shape[axis + 1 :]),) * count
