"""Owns the layers that make one tensor of several. The first axis is the batch: it must be the same for all and is not
broadcast; shorter shapes are aligned with the last axes. One operation per element is counted for each tensor that is
merged in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.attributes import Ints
from netwright.compiler.ops.op import Layer, OpError, elements, expect_min_rank, normal_axis
from netwright.compiler.ops.shapes import agree, broadcast
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers, product_dtype, show
from netwright.compiler.types import Shape, TensorType


class Merge(Layer, abstract=True):
    """A layer of a list of tensors. `count` is how many it takes, where that is fixed."""

    variadic = True
    convention = "list"
    fewest = 1
    count: ClassVar[int | None] = None

    def expect_operands(self, tensors: tuple[TensorType, ...]) -> None:
        """As many as it takes, of numbers, each with a batch axis."""
        if self.count is not None and len(tensors) != self.count:
            message = f"{self.name_in_flow} takes {self.count} tensors, found {len(tensors)}"
            raise OpError("wrong-arity", message)
        expect_numbers(*tensors)
        for index, tensor in enumerate(tensors):
            expect_min_rank(tensor, 1, at=index)

    def common_batch(self, tensors: Iterable[TensorType]) -> Dim:
        """The size of the batch, which is the same for all."""
        batch: Dim | None = None
        for index, tensor in enumerate(tensors):
            common = tensor.shape[0] if batch is None else agree(batch, tensor.shape[0])
            if common is None:
                message = f"expected the batch of the tensors before, {batch}, found {tensor.shape[0]}"
                raise OpError("shape-mismatch", message, at=index, label=f"this is {tensor}")
            batch = common
        assert batch is not None
        return batch


class ElementwiseMerge(Merge, abstract=True):
    """y = f(x1, x2, ...) element by element; x_i: (N, *D_i), broadcastable → y: (N, *D)."""

    def infer(self, *tensors: TensorType) -> TensorType:
        self.expect_operands(tensors)
        shape: Shape = tensors[0].shape[1:]
        for index, tensor in enumerate(tensors[1:], start=1):
            common = broadcast(shape, tensor.shape[1:])
            if common is None:
                message = f"{show(tensor.shape[1:])} does not broadcast with {show(shape)}, the tensors before it"
                raise OpError("shape-mismatch", f"behind the batch, {message}", at=index, label=f"this is {tensor}")
            shape = common
        return TensorType(self.result_dtype(tensors), (self.common_batch(tensors), *shape))

    def result_dtype(self, tensors: tuple[TensorType, ...]) -> str:
        if len(tensors) == 1:  # nothing is computed
            return tensors[0].dtype
        dtype = common_dtype(*tensors)
        expect_dtype(tensors[0], dtype != "bool", "numbers")
        return dtype

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        *operands, output = tensors
        return output.size * (len(operands) - 1)


class Add(ElementwiseMerge):
    """y = x1 + x2 + ...; x_i: (N, *D_i), broadcastable → y: (N, *D)."""

    gradient_reads = ()


class Subtract(ElementwiseMerge):
    """y = x1 - x2; x_i: (N, *D_i), broadcastable → y: (N, *D)."""

    gradient_reads = ()
    count = 2


class Multiply(ElementwiseMerge):
    """y = x1 · x2 · ...; x_i: (N, *D_i), broadcastable → y: (N, *D)."""


class Average(ElementwiseMerge):
    """y = (x1 + ... + xk) / k; x_i: (N, *D_i), broadcastable → y: (N, *D)."""

    gradient_reads = ()

    def result_dtype(self, tensors: tuple[TensorType, ...]) -> str:
        dtype = common_dtype(*tensors)
        expect_dtype(tensors[0], is_float(dtype), "floats")  # of integers the backends make different floats
        return dtype

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return super().elementwise(*tensors) + tensors[-1].size


class Maximum(ElementwiseMerge):
    """y = max(x1, x2, ...); x_i: (N, *D_i), broadcastable → y: (N, *D)."""


class Minimum(ElementwiseMerge):
    """y = min(x1, x2, ...); x_i: (N, *D_i), broadcastable → y: (N, *D)."""


class Concatenate(Merge):
    """y = the tensors after one another along `axis`; x_i: (N, ..., d_i, ...) → y: (N, ..., Σ d_i, ...)."""

    axis: int = -1

    def infer(self, *tensors: TensorType) -> TensorType:
        self.expect_operands(tensors)
        first = tensors[0]
        axis = normal_axis(self.axis, first.rank)
        shape = first.shape
        for index, tensor in enumerate(tensors[1:], start=1):
            shape = self._append(shape, tensor, axis, index)
        same = all(tensor.dtype == first.dtype for tensor in tensors)
        return TensorType(first.dtype if same else common_dtype(*tensors), shape)

    def _append(self, shape: Shape, tensor: TensorType, axis: int, index: int) -> Shape:
        if len(shape) != tensor.rank:
            message = f"expected a tensor of rank {len(shape)} as those before, found rank {tensor.rank}"
            raise OpError("rank-mismatch", message, at=index, label=f"this is {tensor}")
        dims = [agree(left, right) for left, right in zip(shape, tensor.shape, strict=True)]
        dims[axis] = shape[axis] + tensor.shape[axis]
        if None in dims:
            message = f"{show(tensor.shape)} and {show(shape)}, the tensors before it, differ beside axis {self.axis}"
            raise OpError("shape-mismatch", message, at=index, label=f"this is {tensor}")
        return tuple(dim for dim in dims if dim is not None)

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return 0


class Dot(Merge):
    """y = Σ x1 x2 over one axis of each, for each example; with normalize, of the vectors made unit length first.
    x1: (N, *D1, d), x2: (N, *D2, d), in any order of axes → y: (N, *D1, *D2), (N, 1) where no axis is left."""

    count = 2
    axes: int | Ints
    normalize: bool = False

    def validate(self) -> None:
        if isinstance(self.axes, tuple) and len(self.axes) != 2:
            message = f"expected an axis, or one for each of the two tensors, found {len(self.axes)}"
            raise OpError("invalid-argument", message, at="axes")

    def infer(self, *tensors: TensorType) -> TensorType:
        self.expect_operands(tensors)
        left, right = tensors
        for index, tensor in enumerate(tensors):
            expect_min_rank(tensor, 2, at=index)
            expect_dtype(tensor, tensor.is_float or not self.normalize, "floats", at=index)
        batch = self.common_batch(tensors)
        one, other = self._axes(left, right)
        self._expect_same(left.shape[one], right.shape[other])
        rest = [dim for tensor, axis in ((left, one), (right, other)) for dim in _others(tensor, axis)]
        return TensorType(product_dtype(left, right), (batch, *(rest or (1,))))

    def _axes(self, *tensors: TensorType) -> tuple[int, int]:
        given = self.axes if isinstance(self.axes, tuple) else (self.axes, self.axes)
        one, other = (normal_axis(axis, tensor.rank, "axes") for axis, tensor in zip(given, tensors, strict=True))
        if 0 in (one, other):
            raise OpError("invalid-argument", "axis 0 is the batch, over which dot does not sum", at="axes")
        return one, other

    @staticmethod
    def _expect_same(left: Dim, right: Dim) -> None:
        """Keras must see that the sizes are the same unless it knows neither."""
        same = equal(left, right)
        if same or (same is None and not isinstance(left, int) and not isinstance(right, int)):
            return
        code = "shape-mismatch" if same is False else "undecidable"
        raise OpError(code, f"dot sums over axes of the same size, found {left} and {right}", at="axes")

    def macs(self, *tensors: TensorType, **_: Any) -> Dim:
        left, right, output = tensors
        return output.size * left.shape[self._axes(left, right)[0]]

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return 3 * elements(tensors[:2]) if self.normalize else 0


def _others(tensor: TensorType, axis: int) -> Shape:
    """The sizes but for the batch's and that of `axis`."""
    return tensor.shape[1:axis] + tensor.shape[axis + 1 :]
