"""Owns pooling that says where the maxima stood, and the ways back from pooling; Keras lacks both."""

from __future__ import annotations

from math import prod

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Spatial, attr, one_of, positive
from netwright.compiler.ops.layout import FormattedLayer, expect_float
from netwright.compiler.ops.op import LayerName, OpError
from netwright.compiler.ops.pooling import Pooling
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_equal
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class MaxPooling2DWithArgmax(Pooling, WrittenLayer):
    """y = max_pooling2d's, and where each maximum stood: a = (i W + j) C + c for row i, column j, channel c of its own
    image, the first of equal ones, as tensorflow's max_pool_with_argmax counts; x: (N, H, W, c) → y, a: (N, H', W', c)
    (the switches of Zeiler & Fergus 2013, arXiv:1311.2901)."""

    rank = 2
    name: LayerName | None = attr(default=None, keyword_only=True)
    order = ("pool_size", "strides", "padding", "data_format")

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:  # type: ignore[override]
        y = super().infer(x)
        return y, y.with_dtype("i32")

    def expect_element(self, x: TensorType) -> None:
        expect_float(x)

    def elementwise(self, x: TensorType, y: TensorType, argmax: TensorType) -> Dim:  # type: ignore[override]
        return 2 * y.size * prod(self.pool_size)  # a maximum and a comparison for each element of each window


class MaxUnpooling2D(FormattedLayer, WrittenLayer):
    """Each element of x back at the place that `argmax` says, all others 0; elements of one place are added. Sizes are
    those of `like`, what was pooled; without it, what a pooling of `pool_size`, `strides` and `padding` could have come
    from: H = (H' - 1) s + p for valid, H' s for same; x, argmax: (N, H', W', c) → y: (N, H, W, c)
    (Zeiler & Fergus 2013, arXiv:1311.2901; Badrinarayanan et al. 2015, arXiv:1511.00561)."""

    rank = 2
    operands = ("x", "argmax", "like")
    optional_operands = ("like",)
    pool_size: Spatial = attr(positive, default=2)
    strides: Spatial | None = attr(positive, default=None)
    padding: str = attr(one_of("valid", "same"), default="valid")
    order = ("pool_size", "strides", "padding", "data_format")

    def infer(self, x: TensorType, argmax: TensorType, like: TensorType | None = None) -> TensorType:
        self.expect_layout(x)
        expect_float(x)
        expect_dtype(argmax, argmax.dtype in ("i32", "i64"), "places of i32 or i64", at=1)
        self._expect_like(x, argmax)
        if like is None:
            return self.with_spatial(x, tuple(map(self._length, range(2), self.spatial(x))))
        self.expect_layout(like)
        for left, right in ((x.shape[0], like.shape[0]), (self.channels(x), self.channels(like))):
            expect_equal(left, right, "the batches or channels of x and like", at=2)
        return self.with_spatial(x, self.spatial(like))

    @staticmethod
    def _expect_like(x: TensorType, argmax: TensorType) -> None:
        """There is one place for each element."""
        if x.rank != argmax.rank:
            message = f"expected a place for each element of {x}"
            raise OpError("rank-mismatch", message, at=1, label=f"this is {argmax}")
        for left, right in zip(x.shape, argmax.shape, strict=True):
            expect_equal(left, right, "sizes of x and argmax", at=1)

    def _length(self, axis: int, length: Dim) -> Dim:
        window = self.pool_size[axis]
        stride = (self.strides or self.pool_size)[axis]
        return length * stride if self.padding == "same" else (length - 1) * stride + window

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


class Unpooling2D(FormattedLayer, WrittenLayer):
    """Each element becomes a block of `size`: for mode=nearest all of the block is x, as up_sampling2d has it; for
    mode=bed_of_nails x stands in its upper left corner, the rest is 0; x: (N, H, W, c) → y: (N, H a, W b, c)
    (Dosovitskiy et al. 2015, arXiv:1411.5928)."""

    gradient_reads = ()
    rank = 2
    size: Spatial = attr(positive, default=2)
    mode: str = attr(one_of("nearest", "bed_of_nails"), default="nearest")
    order = ("size", "mode", "data_format")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        expect_float(x)
        lengths = zip(self.spatial(x), self.size, strict=True)
        return self.with_spatial(x, tuple(length * factor for length, factor in lengths))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0
