"""Owns zero_padding and cropping, 1 to 3 dims: layers that add to or take from both ends of the spatial dims."""

from __future__ import annotations

from typing import Any

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, AttributeFault, AttributeType, attr, not_negative
from netwright.compiler.ops.layout import SPATIAL_NAMES, FormattedLayer, SpatialLayer, is_possible
from netwright.compiler.ops.op import OpError
from netwright.compiler.types import TensorType


class _Sides(AttributeType):
    """An amount before and one after each spatial dim. One integer stands for all, and one in the place of a pair for
    both of it; the normal form is a pair for each dim, and of one dim the pair alone."""

    expected = "an integer, or a list with an integer or a pair (before, after) for each spatial dim"

    def convert(self, value: Any, owner: Any) -> Any:
        if owner.rank == 1:
            return self._pair(value, owner)
        if not isinstance(value, tuple):
            return (self._pair(value, owner),) * owner.rank
        if len(value) != owner.rank:
            raise AttributeFault(f"one integer, or a list of {owner.rank} integers or pairs")
        return tuple(self._pair(item, owner) for item in value)

    def _pair(self, value: Any, owner: Any) -> tuple[int, int]:
        pair = value if isinstance(value, tuple) else (value, value)
        if len(pair) != 2:
            raise AttributeFault("an integer or a pair (before, after)")
        before, after = (TYPES["int"].convert(item, owner) for item in pair)
        return before, after

    def schema(self) -> dict[str, Any]:
        pair = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": pair}]}


TYPES["Sides"] = _Sides()
Sides = tuple[Any, ...]  # what type checkers see behind the annotation name


class SideLayer(SpatialLayer, abstract=True):
    """A layer that changes the ends of the spatial dims and computes nothing."""

    def amounts(self, sides: Sides) -> tuple[int, ...]:
        """What is added to or taken from each spatial dim, both ends together."""
        return tuple(before + after for before, after in ((sides,) if self.rank == 1 else sides))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class ZeroPadding(SideLayer, FormattedLayer, abstract=True):
    """Zeros before and after each spatial dim: L' = L + before + after; x: (N, *L, c) → (N, *L', c)."""

    padding: Sides = attr(not_negative, default=1)
    order = ("padding", "data_format")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        lengths = zip(self.spatial(x), self.amounts(self.padding), strict=True)
        return self.with_spatial(x, tuple(length + added for length, added in lengths))


class ZeroPadding1D(ZeroPadding):
    """Zeros before and after a sequence; x: (N, T, c) → (N, T + before + after, c)."""

    rank = 1


class ZeroPadding2D(ZeroPadding):
    """Zeros around an image; x: (N, H, W, c) → (N, H + top + bottom, W + left + right, c)."""

    rank = 2


class ZeroPadding3D(ZeroPadding):
    """Zeros around a volume; x: (N, D, H, W, c) → (N, D', H', W', c)."""

    rank = 3


class Cropping(SideLayer, abstract=True):
    """Drops elements before and after each spatial dim: L' = L - before - after; x: (N, *L, c) → (N, *L', c)."""

    cropping: Sides = attr(not_negative, default=1)

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        amounts = self.amounts(self.cropping)
        return self.with_spatial(x, tuple(map(self._cropped, range(self.rank), self.spatial(x), amounts)))

    def _cropped(self, axis: int, length: Dim, taken: int) -> Dim:
        if is_possible(length - taken):
            return length - taken
        message = f"cropping takes {taken} of a {SPATIAL_NAMES[self.rank][axis]} of {length}, so nothing remains"
        raise OpError("impossible-size", message, at="cropping")


class Cropping1D(Cropping):
    """Drops the ends of a sequence; x: (N, T, c) → (N, T - before - after, c)."""

    rank = 1


class Cropping2D(Cropping, FormattedLayer):
    """Drops the border of an image; x: (N, H, W, c) → (N, H - top - bottom, W - left - right, c)."""

    rank = 2
    order = ("cropping", "data_format")
    cropping: Sides = attr(not_negative, default=0)


class Cropping3D(Cropping, FormattedLayer):
    """Drops the border of a volume; x: (N, D, H, W, c) → (N, D', H', W', c)."""

    rank = 3
    order = ("cropping", "data_format")
