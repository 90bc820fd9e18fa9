"""Owns the functions of keras.ops.image that filter, compare and recolour images: (N, H, W, c), or without N."""

from __future__ import annotations

from math import prod
from typing import Any

from netwright.compiler.dims import Dim, equal, positive as is_positive
from netwright.compiler.ops.attributes import Floats, Ints, attr, positive
from netwright.compiler.ops.image_geometry import FormattedFunction
from netwright.compiler.ops.op import OpError, expect_rank
from netwright.compiler.ops.tensor_joining import same_shape
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers, product
from netwright.compiler.types import TensorType

# ---------------------------------------------------------------- colours


class Recolouring(FormattedFunction, abstract=True):
    """Colours of another space; (N, H, W, 3) → (N, H, W, 3), or without N. What it costs is not known."""

    def infer(self, images: TensorType) -> TensorType:
        expect_dtype(images, images.is_float, "floats")
        self.expect_channels(images, 3)
        return images

    def expect_channels(self, images: TensorType, *counts: int) -> Dim:
        """One of these numbers of channels."""
        channels = images.shape[self.axes(images)[2]]
        if all(equal(channels, count) is False for count in counts):
            wanted = " or ".join(map(str, counts))
            message = f"expected {wanted} channels, found {channels}"
            raise OpError("shape-mismatch", message, at=0, label=f"this is {images}")
        return channels


class RgbToHsv(Recolouring):
    """Hue, saturation and value of red, green and blue from 0 to 1; (N, H, W, 3) → (N, H, W, 3), or without N."""


class HsvToRgb(Recolouring):
    """Red, green and blue of hue, saturation and value; (N, H, W, 3) → (N, H, W, 3), or without N."""


class RgbToGrayscale(Recolouring):
    """y = 0.2989 red + 0.587 green + 0.114 blue; (N, H, W, 3) → (N, H, W, 1), or without N; one channel stays."""

    def infer(self, images: TensorType) -> TensorType:
        expect_numbers(images)
        self.expect_channels(images, 1, 3)
        rows, columns, _ = self.axes(images)
        return self.with_sizes(images, images.shape[rows], images.shape[columns], 1)

    def macs(self, images: TensorType, y: TensorType) -> Dim:
        return images.size if equal(images.size, y.size) is False else 0

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


# ---------------------------------------------------------------- filters


class GaussianBlur(FormattedFunction):
    """y = images ∗ a normal distribution of `sigma` pixels, cut to kernel_size; (N, H, W, c) → (N, H, W, c), or without
    N."""

    kernel_size: Ints = attr(positive, default=(3, 3))
    sigma: Floats = attr(positive, default=(1.0, 1.0))
    order = ("kernel_size", "sigma", "data_format")

    def validate(self) -> None:
        for name in ("kernel_size", "sigma"):
            if len(getattr(self, name)) != 2:
                raise OpError(
                    "invalid-argument", "expected one number along the height and one along the width", at=name
                )

    def infer(self, images: TensorType) -> TensorType:
        expect_dtype(images, images.is_float and images.dtype != "f16", "f32, f64 or bf16")  # TensorFlow compiles those
        self.axes(images)
        return images

    def given(self) -> dict[str, Any]:
        """With the data format: called outside of a model, Keras on JAX has the channels first where it is none."""
        return {**super().given(), "data_format": self.data_format or "channels_last"}

    def macs(self, images: TensorType, y: TensorType) -> Dim:
        return y.size * prod(self.kernel_size)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class SobelEdges(FormattedFunction):
    """The changes along the height and along the width; (N, H, W, c) → (N, H, W, c, 2)."""

    def infer(self, images: TensorType) -> TensorType:
        expect_dtype(images, images.is_float, "floats")
        expect_rank(images, 4)
        return images.with_shape(*images.shape, 2)

    def macs(self, images: TensorType, y: TensorType) -> Dim:
        return 9 * y.size

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Ssim(FormattedFunction):
    """How alike images are in mean, variance and covariance of windows, from -1 to 1; twice (N, H, W, c) → (N,), or a
    number without N (Wang et al. 2004)."""

    operands = ("image1", "image2")
    max_val: float = 1.0
    filter_size: int = attr(positive, default=11)
    filter_sigma: float = attr(positive, default=1.5)
    k1: float = 0.01
    k2: float = 0.03
    order = ("max_val", "filter_size", "filter_sigma", "k1", "k2", "data_format")

    def infer(self, image1: TensorType, image2: TensorType) -> TensorType:
        for at, images in enumerate((image1, image2)):
            expect_dtype(
                images, images.dtype not in {"f16", "str"}, "numbers other than f16", at=at
            )  # as gaussian_blur
        same_shape((image1, image2))
        self._windows(image1)
        return image1.with_shape(*image1.shape[: image1.rank - 3])

    def _windows(self, images: TensorType) -> Dim:
        """How many windows an image has, times the channels."""
        rows, columns, channels = self.axes(images)
        lengths = [images.shape[axis] - (self.filter_size - 1) for axis in (rows, columns)]
        if any(is_positive(length) is False for length in lengths):
            message = f"a window of {self.filter_size} does not fit an image of {images}"
            raise OpError("impossible-size", message, at="filter_size")
        return lengths[0] * lengths[1] * images.shape[channels]

    def macs(self, *tensors: TensorType) -> Dim:
        """Five filters: two means, two variances, a covariance."""
        batch = product(tensors[0].shape[: tensors[0].rank - 3])
        return 5 * batch * self._windows(tensors[0]) * self.filter_size**2

    def elementwise(self, *tensors: TensorType) -> Dim:
        batch = product(tensors[0].shape[: tensors[0].rank - 3])
        return 3 * tensors[0].size + 16 * batch * self._windows(tensors[0])
