"""Owns pooling over windows: max_pooling and average_pooling, 1 to 3 dims, and their global forms. Costs count one
operation for every element of every window, borders included."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from netwright.compiler.convolution_arithmetic import conv_output_length
from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import BYTE_SIZES
from netwright.compiler.ops.attributes import Spatial, attr, one_of, positive
from netwright.compiler.ops.layout import (
    IMAGE_DTYPES,
    SPATIAL_NAMES,
    FormattedLayer,
    expect_dtype,
    expect_float,
    is_possible,
)
from netwright.compiler.ops.op import LayerName, OpError
from netwright.compiler.types import TensorType


class Pooling(FormattedLayer, abstract=True):
    """One value for each window of `pool_size` of each channel: x: (N, *L, c) → (N, *L', c). The windows are `strides`
    apart, or as far as they are long; L' = (L - p)//s + 1 for padding=valid, ceil(L / s) for same."""

    pool_size: Spatial = attr(positive, default=2)
    strides: Spatial | None = attr(positive, default=None)
    padding: str = attr(one_of("valid", "same"), default="valid")
    name: LayerName | None = None
    order: ClassVar[tuple[str, ...]] = ("pool_size", "strides", "padding", "data_format", "name")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        self.expect_element(x)
        return self.with_spatial(x, tuple(map(self._output_length, range(self.rank), self.spatial(x))))

    def expect_element(self, x: TensorType) -> None:
        """`x` is of a dtype that can be pooled."""
        raise NotImplementedError

    def _output_length(self, axis: int, length: Dim) -> Dim:
        window = self.pool_size[axis]
        output = conv_output_length(length, window, (self.strides or self.pool_size)[axis], 1, self.padding)
        if is_possible(output):
            return output
        raise OpError(
            "impossible-size",
            f"a window of {window} does not fit a {SPATIAL_NAMES[self.rank][axis]} of {length}",
            at="pool_size",
            label=f"at most {length} fits",
            help="use padding=same or a smaller window, or pool less in the layers before",
        )

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * prod(self.pool_size)


class MaxPooling(Pooling, abstract=True):
    """The largest element of each window. TensorFlow has it for integers in one and two dims only."""

    gradient_reads = ("operands", "outputs")

    def expect_element(self, x: TensorType) -> None:
        if self.rank == 3:
            expect_float(x)
        expect_dtype(x, IMAGE_DTYPES)


class AveragePooling(Pooling, abstract=True):
    """The mean of each window; of the elements inside `x` alone, where padding=same makes it reach outside."""

    gradient_reads = ()
    pool_size: Spatial = attr(positive)

    def expect_element(self, x: TensorType) -> None:
        expect_float(x)


class MaxPooling1D(MaxPooling):
    """y[n, t, c] = max_{k < p} x[n, s t + k, c]; x: (N, T, c) → (N, T', c)."""

    rank = 1
    aliases = ("max_pool1d",)


class MaxPooling2D(MaxPooling):
    """y[n, i, j, c] = max_{k < p, l < q} x[n, s i + k, s j + l, c]; x: (N, H, W, c) → (N, H', W', c)."""

    rank = 2
    aliases = ("max_pool2d",)


class MaxPooling3D(MaxPooling):
    """The largest element of each box; x: (N, D, H, W, c) → (N, D', H', W', c)."""

    rank = 3
    aliases = ("max_pool3d",)


class AveragePooling1D(AveragePooling):
    """y[n, t, c] = mean_{k < p} x[n, s t + k, c]; x: (N, T, c) → (N, T', c)."""

    rank = 1
    aliases = ("avg_pool1d",)


class AveragePooling2D(AveragePooling):
    """y[n, i, j, c] = mean_{k < p, l < q} x[n, s i + k, s j + l, c]; x: (N, H, W, c) → (N, H', W', c)."""

    rank = 2
    aliases = ("avg_pool2d",)


class AveragePooling3D(AveragePooling):
    """The mean of each box; x: (N, D, H, W, c) → (N, D', H', W', c)."""

    rank = 3
    aliases = ("avg_pool3d",)


class GlobalPooling(FormattedLayer, abstract=True):
    """One value for each channel: x: (N, *L, c) → (N, c), or (N, 1, ..., c) with keepdims."""

    keepdims: bool = False
    order = ("data_format", "keepdims")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        expect_dtype(x, tuple(BYTE_SIZES))
        return self.with_layout(x, (1,) * self.rank if self.keepdims else (), self.channels(x))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size


class GlobalMaxPooling(GlobalPooling, abstract=True):
    """The largest element of each channel."""

    gradient_reads = ("operands", "outputs")


class GlobalAveragePooling(GlobalPooling, abstract=True):
    """The mean of each channel, of integers too: in floats."""

    gradient_reads = ()

    def infer(self, x: TensorType) -> TensorType:
        y = super().infer(x)
        return y if y.is_float else y.with_dtype("f32")


class GlobalMaxPooling1D(GlobalMaxPooling):
    """y[n, c] = max_t x[n, t, c]; x: (N, T, c) → (N, c)."""

    rank = 1
    aliases = ("global_max_pool1d",)


class GlobalMaxPooling2D(GlobalMaxPooling):
    """y[n, c] = max_{i, j} x[n, i, j, c]; x: (N, H, W, c) → (N, c)."""

    rank = 2
    aliases = ("global_max_pool2d",)


class GlobalMaxPooling3D(GlobalMaxPooling):
    """y[n, c] = max_{h, i, j} x[n, h, i, j, c]; x: (N, D, H, W, c) → (N, c)."""

    rank = 3
    aliases = ("global_max_pool3d",)


class GlobalAveragePooling1D(GlobalAveragePooling):
    """y[n, c] = mean_t x[n, t, c]; x: (N, T, c) → (N, c)."""

    rank = 1
    aliases = ("global_avg_pool1d",)


class GlobalAveragePooling2D(GlobalAveragePooling):
    """y[n, c] = mean_{i, j} x[n, i, j, c]; x: (N, H, W, c) → (N, c). Lin et al. 2013, arXiv:1312.4400."""

    rank = 2
    aliases = ("global_avg_pool2d",)


class GlobalAveragePooling3D(GlobalAveragePooling):
    """y[n, c] = mean_{h, i, j} x[n, h, i, j, c]; x: (N, D, H, W, c) → (N, c)."""

    rank = 3
    aliases = ("global_avg_pool3d",)
