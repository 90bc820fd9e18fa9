"""Owns the functions of keras.ops that make several tensors one or one several. They cost nothing."""

from __future__ import annotations

from collections.abc import Sequence

from netwright.compiler.dims import Dim, equal, positive
from netwright.compiler.ops.attributes import Ints
from netwright.compiler.ops.op import Function, OpError, normal_axis
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import common_dtype, replaced, show
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
        axis = normal_axis(self.axis, xs[0].rank)
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


class Splitting(Function, abstract=True):
    """Several tensors that together hold x."""

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Split(Splitting):
    """A tuple of `indices_or_sections` equal parts along `axis`, or of the parts between the indices;
    x: (..., d, ...) → n x (..., d / n, ...)."""

    indices_or_sections: int | Ints
    axis: int = 0

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        axis = normal_axis(self.axis, x.rank)
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
