"""Owns pooling to a given size: adaptive_max_pooling and adaptive_average_pooling, 1 to 3 dims, and pyramids of it."""

from __future__ import annotations

from math import gcd

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Ints, Spatial, attr, one_of, positive
from netwright.compiler.ops.layout import IMAGE_DTYPES, FormattedLayer, expect_dtype, expect_float
from netwright.compiler.ops.op import OpError
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class AdaptivePooling(FormattedLayer, abstract=True):
    """`output_size` windows of nearly equal length over each spatial dim: x: (N, *L, c) → (N, *output_size, c).
    Window i of o over L elements reaches from floor(i L / o) to ceil((i + 1) L / o), so windows may overlap."""

    output_size: Spatial = attr(positive)
    data_format: str | None = attr(one_of("channels_last", "channels_first"), default=None)  # in this case alone
    order = ("output_size", "data_format")

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """Keras on TensorFlow pools with windows of one element more, too, and XLA knows none longer than what there
        is."""
        return ("tensorflow",) if 1 in self.output_size else ()

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        self.expect_element(x)
        return self.with_spatial(x, self.output_size)

    def expect_element(self, x: TensorType) -> None:
        """`x` is of a dtype that can be pooled."""
        raise NotImplementedError

    def elementwise(self, x: TensorType, y: TensorType) -> Dim | None:
        """One operation for every element of every window."""
        total = x.shape[0] * self.channels(x)
        for length, windows in zip(self.spatial(x), self.output_size, strict=True):
            elements = windowed_elements(length, windows)
            if elements is None:
                return None
            total = total * elements
        return total


def windowed_elements(length: Dim, windows: int) -> Dim | None:
    """Σ_i ceil((i + 1) L / o) - floor(i L / o) = L + o - gcd(L, o); None where the gcd depends on a symbol."""
    if windows == 1:
        return length
    return length + windows - gcd(length, windows) if isinstance(length, int) else None


class AdaptiveMaxPooling(AdaptivePooling, abstract=True):
    """The largest element of each window. TensorFlow has it for integers in one and two dims only."""

    def expect_element(self, x: TensorType) -> None:
        if self.rank == 3:
            expect_float(x)
        expect_dtype(x, IMAGE_DTYPES)
        for length, windows in zip(self.spatial(x), self.output_size, strict=True):
            if length == 1 and windows > 1:
                message = f"one element is pooled to {windows} windows, in which Keras on TensorFlow's process ends"
                raise OpError("impossible-size", message, at="output_size", help="use up_sampling")


class AdaptiveAveragePooling(AdaptivePooling, abstract=True):
    """The mean of each window."""

    def expect_element(self, x: TensorType) -> None:
        expect_float(x)


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """The largest element of each of `output_size` windows; x: (N, T, c) → (N, o, c)."""

    rank = 1


class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """The largest element of each window of an o × p grid; x: (N, H, W, c) → (N, o, p, c)."""

    rank = 2


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """The largest element of each box of an o × p × q grid; x: (N, D, H, W, c) → (N, o, p, q, c)."""

    rank = 3


class AdaptiveAveragePooling1D(AdaptiveAveragePooling):
    """The mean of each of `output_size` windows; x: (N, T, c) → (N, o, c)."""

    rank = 1


class AdaptiveAveragePooling2D(AdaptiveAveragePooling):
    """The mean of each window of an o × p grid; x: (N, H, W, c) → (N, o, p, c). Between the convolutions and the dense
    layers of torchvision's AlexNet and VGG."""

    rank = 2


class AdaptiveAveragePooling3D(AdaptiveAveragePooling):
    """The mean of each box of an o × p × q grid; x: (N, D, H, W, c) → (N, o, p, q, c)."""

    rank = 3


class SpatialPyramidPooling2D(FormattedLayer, WrittenLayer):
    """y = for each b of `bins` the windows of pooling to b by b, row by row, one level after another: as long for
    images of all sizes. Window i of b over L elements reaches from floor(i L / b) to ceil((i + 1) L / b);
    x: (N, H, W, c) → y: (N, Σ b², c) (He et al. 2014, arXiv:1406.4729)."""

    gradient_reads = ("operands", "outputs")
    rank = 2
    bins: Ints = attr(positive)
    mode: str = attr(one_of("max", "average"), default="max")
    order = ("bins", "mode", "data_format")

    def validate(self) -> None:
        if not self.bins:
            raise OpError("invalid-argument", "spatial_pyramid_pooling2d needs a level", at="bins")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        expect_float(x)
        return x.with_shape(x.shape[0], sum(bins**2 for bins in self.bins), self.channels(x))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim | None:
        """One operation for every element of every window."""
        total: Dim = 0
        for bins in self.bins:
            rows, columns = (windowed_elements(length, bins) for length in self.spatial(x))
            if rows is None or columns is None:
                return None
            total = total + rows * columns
        return total * x.shape[0] * self.channels(x)
