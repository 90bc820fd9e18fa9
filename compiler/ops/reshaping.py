"""Owns layers that give the elements of each example another shape or order: flatten, reshape, permute and
repeat_vector. They leave the batch dim and compute nothing."""

from __future__ import annotations

from math import prod
from typing import Any

from netwright.compiler.dims import Dim, SymbolicDim, equal
from netwright.compiler.ops.assumptions import suppose_equal, suppose_multiple
from netwright.compiler.ops.attributes import TYPES, AttributeType, Ints, attr, one_of, positive
from netwright.compiler.ops.layout import CaseFolded
from netwright.compiler.ops.op import Layer, OpError, expect_min_rank, expect_rank
from netwright.compiler.types import TensorType


class _TargetShape(AttributeType):
    """A tuple of dims, integers or symbolic, of which one may be -1 for what follows from the others."""

    expected = "a list of sizes, of which one may be -1"

    def convert(self, value: Any, owner: Any) -> Any:
        if not isinstance(value, tuple):
            raise self.fault("a list of one size is written [24]" if isinstance(value, (int, SymbolicDim)) else None)
        if value.count(-1) > 1:
            raise self.fault("only one size can follow from the others")
        return tuple(self._size(size, owner) for size in value)

    def _size(self, size: Any, owner: Any) -> Dim:
        if isinstance(size, SymbolicDim):
            return size
        converted: int = TYPES["int"].convert(size, owner)
        if converted < 1 and converted != -1:
            raise self.fault()
        return converted

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": ["integer", "string"]}}


TYPES["TargetShape"] = _TargetShape()
TargetShape = tuple[Dim, ...]  # what type checkers see behind the annotation name


class Rearrangement(Layer, abstract=True):
    """A layer that moves elements and computes nothing."""

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class Flatten(Rearrangement):
    """All dims behind the batch as one: x: (N, a, b, ...) → (N, a b ...), (N,) → (N, 1). channels_first moves the
    channels to the end before."""

    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        return x.with_shape(x.shape[0], elements_behind_batch(x))


class Reshape(Rearrangement):
    """The same elements in row-major order, in another shape behind the batch: x: (N, ...) → (N, *target_shape)."""

    target_shape: TargetShape

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        found = elements_behind_batch(x)
        given = prod(size for size in self.target_shape if size != -1)
        self._expect_fit(found, given)
        return x.with_shape(x.shape[0], *(found // given if size == -1 else size for size in self.target_shape))

    def _expect_fit(self, found: Dim, given: Dim) -> None:
        """As many elements as the sizes make, or a multiple where one is open."""
        is_open = -1 in self.target_shape
        fits = equal(found % given, 0) if is_open else equal(found, given)
        if fits is None:
            suppose_multiple(found, given) if is_open else suppose_equal(found, given)
        if fits is not False:
            return
        shape = ", ".join(map(str, self.target_shape))
        needed = f"a multiple of {given}" if is_open else str(given)
        raise OpError(
            "shape-mismatch",
            f"{found} elements for each example cannot take the shape [{shape}], which needs {needed}",
            at="target_shape",
        )


class Permute(Rearrangement):
    """The dims behind the batch in another order, counted from 1: y.shape[i] = x.shape[dims[i - 1]] for i ≥ 1;
    permute([2, 1]): (N, a, b) → (N, b, a)."""

    dims: Ints

    def validate(self) -> None:
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            message = f"dims must name each axis from 1 to {len(self.dims)} once, found {list(self.dims)}"
            raise OpError("invalid-argument", message, at="dims", help="the batch is axis 0 and stays where it is")

    def infer(self, x: TensorType) -> TensorType:
        expect_rank(x, len(self.dims) + 1)
        return x.with_shape(x.shape[0], *(x.shape[axis] for axis in self.dims))


class RepeatVector(Rearrangement):
    """y[b, t, c] = x[b, c] for 0 ≤ t < n; x: (N, c) → (N, n, c)."""

    n: int = attr(positive)

    def infer(self, x: TensorType) -> TensorType:
        expect_rank(x, 2)
        return x.with_shape(x.shape[0], self.n, x.shape[1])


def elements_behind_batch(x: TensorType) -> Dim:
    """The number of elements of each example."""
    return x.with_shape(*x.shape[1:]).size
