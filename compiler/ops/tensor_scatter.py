"""Owns the functions of keras.ops that write into a tensor at indices, and slices whose start may be computed. Nothing
is computed but where values are reduced into one."""

from __future__ import annotations

from netwright.compiler.dims import Dim, less_equal
from netwright.compiler.ops.attributes import attr, call, one_of
from netwright.compiler.ops.layout import CaseFolded
from netwright.compiler.ops.op import Function, OpError, Tensor, expect_min_rank, expect_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_creation import expect_sizes
from netwright.compiler.ops.tensor_rules import Dims, expect_dtype, expect_equal, expect_numbers, show
from netwright.compiler.ops.tensor_segments import expect_indices
from netwright.compiler.types import Shape, TensorType

# ---------------------------------------------------------------- scattering


def expect_scattered(indices: TensorType, values: TensorType, target: Shape, at: int) -> None:
    """The last axis of `indices` holds indices of the first axes of `target`; there is a value, or a slice of the rest,
    for each. `at` is the place of the values among the operands."""
    expect_indices(indices, at - 1)
    expect_min_rank(indices, 1, at=at - 1)
    depth = known_size(indices.shape[-1], "the last axis of the indices", at=at - 1)
    if depth > len(target):
        message = f"the last axis of the indices, of size {depth}, must index some of the {len(target)} axes"
        raise OpError("shape-mismatch", message, at=at - 1, label=f"this is {indices}")
    wanted = (*indices.shape[:-1], *target[depth:])
    fits = len(wanted) == values.rank
    if not fits or any(agree(dim, size) is None for dim, size in zip(values.shape, wanted, strict=True)):
        message = f"expected values of shape {show(wanted)}, found {show(values.shape)}"
        raise OpError("shape-mismatch", message, at=at, label=f"this is {values}")


class Scatter(Function):
    """y = the values at the indices, summed where they meet, and 0 elsewhere; indices: (*n, d), values: (*n, ...) →
    y: shape, whose first d axes are indexed."""

    operands = ("indices", "values")
    shape: Dims

    def infer(self, indices: TensorType, values: TensorType) -> TensorType:
        expect_dtype(values, values.is_float or values.is_integer, "numbers", at=1)
        expect_scattered(indices, values, expect_sizes(self.shape, "shape"), 1)
        return values.with_shape(*self.shape)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[1].size


class ScatterUpdate(Function):
    """y = inputs, with the updates at the indices in the place of what was there, or reduced with it; indices: (n, d),
    updates: (n, ...) → y as inputs."""

    operands = ("inputs", "indices", "updates")
    reduction: CaseFolded | None = attr(one_of("add", "max", "min", "mul"), default=None)

    def infer(self, inputs: TensorType, indices: TensorType, updates: TensorType) -> TensorType:
        expect_numbers(inputs, updates)
        numbers = self.reduction is None or inputs.dtype != "bool"
        expect_dtype(inputs, numbers, "numbers")
        expect_dtype(updates, updates.dtype == inputs.dtype, inputs.dtype, at=2)
        expect_rank(indices, 2, at=1)
        expect_scattered(indices, updates, inputs.shape, 2)
        return inputs

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0 if self.reduction is None else tensors[2].size


# ---------------------------------------------------------------- slices


class Started(Function, abstract=True):
    """A function of a part of `inputs` that begins at `start_indices`: numbers or a vector of them, one for an axis."""

    start_indices: Dims | Tensor | None = call(keyword_only=False)

    def expect_within(self, inputs: TensorType, sizes: Shape, starts: TensorType | None, at: str | int) -> None:
        """A part of these sizes has its place in `inputs`."""
        if len(sizes) != inputs.rank:
            message = f"expected a part of rank {inputs.rank}, found rank {len(sizes)}"
            raise OpError("rank-mismatch", message, at=at, label=f"this is {inputs}")
        first = self._starts(inputs, starts)
        for axis, (start, size, dim) in enumerate(zip(first, sizes, inputs.shape, strict=True)):
            if less_equal(0, start) is False:
                message = f"a start is counted from 0, found {start}"
                raise OpError("index-out-of-range", message, at="start_indices")
            if less_equal(start + size, dim) is False:
                message = f"{size} elements from {start} on reach beyond axis {axis} of size {dim}"
                raise OpError("index-out-of-range", message, at=at)

    def _starts(self, inputs: TensorType, starts: TensorType | None) -> Shape:
        """The starts that are known; 0 where they are computed."""
        if starts is not None:
            expect_indices(starts, "start_indices")
            expect_equal(starts.size if starts.rank == 1 else -1, inputs.rank, "the numbers of starts and of axes")
            return (0,) * inputs.rank
        if not isinstance(self.start_indices, tuple):
            raise OpError("missing-argument", "start_indices is not given", at="start_indices")
        if len(self.start_indices) != inputs.rank:
            message = f"a start for each of {inputs.rank} axes is needed, found {len(self.start_indices)}"
            raise OpError("rank-mismatch", message, at="start_indices", label=f"this is {inputs}")
        return self.start_indices

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Slice(Started):
    """y = the part of `shape` that begins at start_indices; -1 in shape stands for all that is left. Flow writes a
    slice with known bounds `x[1:3]`."""

    operands = ("inputs",)
    shape: Dims

    def infer(self, inputs: TensorType, start_indices: TensorType | None = None) -> TensorType:
        shape = self.shape
        if -1 in shape and len(shape) == inputs.rank:
            shape = self._filled(inputs, start_indices)
        self.expect_within(inputs, expect_sizes(shape, "shape"), start_indices, "shape")
        return inputs.with_shape(*shape)

    def _filled(self, inputs: TensorType, starts: TensorType | None) -> Shape:
        if starts is not None:
            message = "what is left of an axis is not known where starts are computed"
            raise OpError("unknown-size", message, at="shape", help="give sizes in the place of -1")
        left = zip(self.shape, inputs.shape, self._starts(inputs, None), strict=True)
        return tuple(dim - start if size == -1 else size for size, dim, start in left)

    def works_symbolically(self, *operands: TensorType, **tensors: object) -> bool:
        """Keras does not say what is left of an axis whose size it does not know."""
        pairs = zip(self.shape, operands[0].shape, strict=True)
        return all(size != -1 or isinstance(dim, int) for size, dim in pairs)


class SliceUpdate(Started):
    """y = inputs, with the updates in the place of the part that begins at start_indices; y as inputs."""

    not_trained_on = ("tensorflow",)
    operands = ("inputs", "updates")
    convention = "named"

    def infer(self, inputs: TensorType, updates: TensorType, start_indices: TensorType | None = None) -> TensorType:
        expect_numbers(inputs)
        expect_dtype(updates, updates.dtype == inputs.dtype, inputs.dtype, at=1)
        self.expect_within(inputs, updates.shape, start_indices, 1)
        return inputs
