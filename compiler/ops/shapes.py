"""Owns what shape rules of several families share about sizes: when two sizes agree, how shapes broadcast where some
sizes are not known, and partial shapes as attributes. Refutes what cannot be; supposes what is merely unknown (see
`assumptions.py`). Knows no operator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from netwright.compiler.dims import Dim, dim_max, equal
from netwright.compiler.ops.assumptions import suppose_broadcast, suppose_equal
from netwright.compiler.ops.attributes import TYPES, AttributeType
from netwright.compiler.types import Shape

PartialShape = tuple[int | None, ...]


def agree(left: Dim, right: Dim) -> Dim | None:
    """The one size of two that must be equal, the known one where only one is known; None if they never are equal."""
    alike = equal(left, right)
    if alike is False:
        return None
    if alike is None:
        suppose_equal(left, right)
    return right if isinstance(right, int) else left


def broadcast(left: Sequence[Dim], right: Sequence[Dim]) -> Shape | None:
    """The common shape by NumPy's rule, supposing that undecided sizes fit; None if they never do."""
    if len(left) < len(right):
        left, right = right, left
    split = len(left) - len(right)
    dims = [_broadcast_dims(one, other) for one, other in zip(left[split:], right, strict=True)]
    return None if None in dims else (*left[:split], *(dim for dim in dims if dim is not None))


def broadcasts_to(shape: Sequence[Dim], target: Sequence[Dim]) -> bool:
    """Whether `shape` may broadcast to `target` and change nothing of it."""
    common = broadcast(shape, target)
    if common is None or len(common) != len(target):
        return False
    return all(equal(left, right) is not False for left, right in zip(common, target, strict=True))


def _broadcast_dims(left: Dim, right: Dim) -> Dim | None:
    alike = equal(left, right)
    if alike or right == 1:
        return left
    if left == 1:
        return right
    if alike is False and equal(left, 1) is False and equal(right, 1) is False:
        return None
    suppose_broadcast(left, right)
    known = [dim for dim in (left, right) if isinstance(dim, int)]
    return known[0] if known else dim_max(left, right)  # sizes are at least 1, so the larger is the common one


class PartialShapeType(AttributeType):
    """A tuple of positive integers, with none where the size is not given; an integer stands for a list of one."""

    expected = "a list of sizes, with none for those that are not given"

    def convert(self, value: Any, owner: Any) -> Any:
        sizes = value if isinstance(value, tuple) else (value,)
        return tuple(None if size is None and sizes is value else self._size(size, owner) for size in sizes)

    def _size(self, size: Any, owner: Any) -> int:
        converted: int = TYPES["int"].convert(size, owner)
        if converted <= 0:
            raise self.fault()
        return converted

    def schema(self) -> dict[str, Any]:
        size = {"type": ["integer", "null"]}
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": size}]}


TYPES["PartialShape"] = PartialShapeType()
