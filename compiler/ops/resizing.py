"""Owns layers that change the size of images or the scale of their values: up_sampling 1 to 3 dims, resizing,
center_crop and rescaling."""

from __future__ import annotations

from netwright.compiler.dims import Dim, less_equal
from netwright.compiler.dtypes import BYTE_SIZES
from netwright.compiler.ops.attributes import Floats, Spatial, attr, one_of, positive
from netwright.compiler.ops.layout import (
    IMAGE_DTYPES,
    CaseFolded,
    FormattedLayer,
    SpatialLayer,
    expect_dtype,
    expect_float,
)
from netwright.compiler.ops.op import Layer, OpError, expect_rank
from netwright.compiler.ops.shapes import broadcast
from netwright.compiler.types import TensorType

#: input pixels along each axis that one output pixel is made of
TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4, "lanczos3": 6, "lanczos5": 10}


def interpolation_cost(method: str, y: TensorType) -> Dim:
    """A multiplication and an addition for each pixel that an output pixel is made of; a copy costs nothing."""
    return 0 if method == "nearest" else 2 * TAPS[method] ** 2 * y.size


def uncompiled(method: str, antialias: bool = False) -> tuple[str, ...]:
    """The engines on which XLA does not compile an interpolation."""
    smooth = method not in {"nearest", "bilinear"} or (antialias and method != "nearest")
    return ("tensorflow",) if smooth else ()


class UpSampling1D(SpatialLayer):
    """Every step `size` times: y[n, t, c] = x[n, t // size, c]; x: (N, T, c) → (N, T size, c)."""

    rank = 1
    size: int = attr(positive, default=2)

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        return self.with_spatial(x, (x.shape[1] * self.size,))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class UpSampling(FormattedLayer, abstract=True):
    """Spatial dims times `size`; x: (N, *L, c) → (N, *(L size), c)."""

    size: Spatial = attr(positive, default=2)
    order = ("size", "data_format")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_layout(x)
        lengths = zip(self.spatial(x), self.size, strict=True)
        return self.with_spatial(x, tuple(length * factor for length, factor in lengths))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class UpSampling2D(UpSampling):
    """Rows and columns repeated, or interpolated: y[n, i, j, c] = x[n, i // a, j // b, c] for nearest;
    x: (N, H, W, c) → (N, H a, W b, c)."""

    rank = 2
    interpolation: CaseFolded = attr(one_of(*TAPS), default="nearest")

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        return uncompiled(self.interpolation)

    def infer(self, x: TensorType) -> TensorType:
        if self.interpolation != "nearest":
            expect_dtype(x, IMAGE_DTYPES)
        return super().infer(x)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return interpolation_cost(self.interpolation, y)


class UpSampling3D(UpSampling):
    """Every voxel repeated; x: (N, D, H, W, c) → (N, D a, H b, W e, c)."""

    rank = 3


class ImageLayer(FormattedLayer, abstract=True):
    """A layer that gives images, or one image without a batch dim, a height and a width."""

    rank = 2
    height: int = attr(positive)
    width: int = attr(positive)

    def sized(self, x: TensorType) -> TensorType:
        """`x` with the new height and width."""
        expect_rank(x, 3, 4)
        first = x.rank - 3 if self.channels_last else x.rank - 2
        return x.with_shape(*x.shape[:first], self.height, self.width, *x.shape[first + 2 :])

    def sizes(self, x: TensorType) -> tuple[Dim, Dim]:
        """The height and width of `x`."""
        first = x.rank - 3 if self.channels_last else x.rank - 2
        return x.shape[first], x.shape[first + 1]


class Resizing(ImageLayer):
    """Images interpolated to a height and a width; x: (N, H, W, c) → (N, height, width, c), or without N. The dtype
    stays: results for integers are rounded. `crop_to_aspect_ratio` and `pad_to_aspect_ratio` do not distort."""

    interpolation: str = attr(one_of(*TAPS), default="bilinear")
    crop_to_aspect_ratio: bool = False
    pad_to_aspect_ratio: bool = False
    fill_mode: str = attr(one_of("constant"), default="constant")
    fill_value: float = 0.0
    antialias: bool = False
    order = (
        *("height", "width", "interpolation", "crop_to_aspect_ratio", "pad_to_aspect_ratio"),
        *("fill_mode", "fill_value", "antialias", "data_format"),
    )

    def validate(self) -> None:
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            message = "crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other"
            raise OpError("invalid-argument", message, at="pad_to_aspect_ratio")

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        return uncompiled(self.interpolation, self.antialias)

    @property
    def not_trained_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """TensorFlow's XLA adds up gradients of different sizes there."""
        return ("tensorflow",) if self.pad_to_aspect_ratio else ()

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, IMAGE_DTYPES)
        if self.pad_to_aspect_ratio:
            expect_float(x)  # TensorFlow's backend pads with a float
        return self.sized(x)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim | None:
        """Not known with antialias, whose windows grow with the ratio of the sizes."""
        return None if self.antialias else interpolation_cost(self.interpolation, y)


class CenterCrop(ImageLayer):
    """The middle of images, y[n, i, j, c] = x[n, i + (H - height) // 2, j + (W - width) // 2, c]; images that are too
    small are resized instead, after cropping to the aspect ratio. x: (N, H, W, c) → (N, height, width, c), or
    without N; always in the layer's dtype."""

    order = ("height", "width", "data_format")

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, tuple(BYTE_SIZES))
        return self.sized(x).with_dtype(self.compute_dtype)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim | None:
        height, width = self.sizes(x)
        fits = (less_equal(self.height, height), less_equal(self.width, width))
        if False in fits:
            return interpolation_cost("bilinear", y)
        return None if None in fits else 0


class Rescaling(Layer):
    """y = scale x + offset, for all elements or one scale and offset for each element of the last axis;
    x: (...) → (...), in the layer's dtype."""

    gradient_reads = ()
    scale: float | Floats
    offset: float | Floats = 0.0

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, tuple(BYTE_SIZES))
        shape = x.shape
        for name in ("scale", "offset"):
            shape = self._broadcast(shape, name)
        return x.with_shape(*shape).with_dtype(self.compute_dtype)

    def _broadcast(self, shape: tuple[Dim, ...], name: str) -> tuple[Dim, ...]:
        factors = getattr(self, name)
        common = broadcast(shape, (len(factors),)) if isinstance(factors, tuple) else shape
        if common is None:
            message = f"{name} has {len(factors)} numbers, but the last axis has {shape[-1]}"
            raise OpError("shape-mismatch", message, at=name)
        return common

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 2 * y.size
