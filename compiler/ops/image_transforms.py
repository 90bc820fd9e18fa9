"""Owns the functions of keras.ops.image that take pixels from computed places."""

from __future__ import annotations

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Ints, attr, one_of
from netwright.compiler.ops.image_geometry import FormattedFunction, ImageFunction
from netwright.compiler.ops.op import OpError, expect_min_rank, expect_rank, normal_axis
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_creation import expect_sizes
from netwright.compiler.ops.tensor_rules import Dims, expect_dtype, expect_equal, expect_numbers, show
from netwright.compiler.types import Shape, TensorType

#: the dtypes that TensorFlow's kernel for projections takes
_PROJECTED = ("f16", "bf16", "f32", "f64", "i32", "i64", "u8")


class Projection(FormattedFunction, abstract=True):
    """Images seen through a projection: one for all of rank 3, or one for each of the batch. XLA does not compile it on
    TensorFlow."""

    not_run_on = ("tensorflow",)
    interpolation: str = attr(one_of("nearest", "bilinear"), default="bilinear")

    def expect_images(self, images: TensorType) -> None:
        """Images of a dtype that both backends project."""
        self.axes(images)
        expect_dtype(images, images.dtype in _PROJECTED, "f16, bf16, f32, f64, i32, i64 or u8")

    def expect_of_each(self, images: TensorType, given: TensorType, sizes: Shape, at: int) -> None:
        """`given` has these sizes, for each image where there is a batch."""
        wanted = (*images.shape[: images.rank - 3], *sizes)
        expect_dtype(given, given.is_float, "floats", at=at)
        if given.rank != len(wanted) or any(agree(*dims) is None for dims in zip(given.shape, wanted, strict=True)):
            message = f"expected a tensor of shape {show(wanted)}, found {show(given.shape)}"
            raise OpError("shape-mismatch", message, at=at, label=f"this is {given}")


class AffineTransform(Projection):
    """y at (i, j) = x at (b0 i + b1 j + b2, ...), the transform being [a0, a1, a2, b0, b1, b2, c0, c1] over columns and
    rows; images: (N, H, W, c), transform: (N, 8), or both without N → y as images."""

    operands = ("images", "transform")
    fill_mode: str = attr(one_of("constant", "nearest", "wrap", "reflect"), default="constant")
    fill_value: float = 0
    order = ("interpolation", "fill_mode", "fill_value", "data_format")

    def infer(self, images: TensorType, transform: TensorType) -> TensorType:
        self.expect_images(images)
        self.expect_of_each(images, transform, (8,), 1)
        return images


class PerspectiveTransform(Projection):
    """Images moved so that the four end points come to where the start points were; images: (N, H, W, c), both points:
    (N, 4, 2), or all without N → y as images."""

    operands = ("images", "start_points", "end_points")
    fill_value: float = 0
    order = ("interpolation", "fill_value", "data_format")

    def infer(self, images: TensorType, start_points: TensorType, end_points: TensorType) -> TensorType:
        self.expect_images(images)
        self.expect_of_each(images, start_points, (4, 2), 1)
        self.expect_of_each(images, end_points, (4, 2), 2)
        return images


class MapCoordinates(ImageFunction):
    """y = inputs at coordinates, the nearest element (`order` 0) or interpolated (1); inputs of rank r, coordinates:
    (r, ...) → (...)."""

    operands = ("inputs", "coordinates")
    order: int = attr(one_of(0, 1))  # type: ignore[assignment, misc]  # the name is Keras's
    fill_mode: str = attr(one_of("constant", "nearest", "wrap", "mirror", "reflect"), default="constant")
    fill_value: float = 0

    def infer(self, inputs: TensorType, coordinates: TensorType) -> TensorType:
        expect_numbers(inputs)
        expect_dtype(coordinates, coordinates.is_float, "floats", at=1)
        expect_min_rank(coordinates, 2, at=1)
        expect_equal(coordinates.shape[0], inputs.rank, "the numbers of coordinates and of axes", at=1)
        return inputs.with_shape(*coordinates.shape[1:])

    def elementwise(self, *tensors: TensorType) -> Dim:
        """A multiplication and an addition for each corner that an element lies between."""
        return 0 if self.order == 0 else 2 * 2 ** tensors[0].rank * tensors[-1].size


_LINEAR, _CUBIC = ("linear", "bilinear", "trilinear"), ("cubic", "bicubic", "tricubic")


class ScaleAndTranslate(ImageFunction):
    """y = images scaled and moved along spatial_dims, interpolated, and 0 where nothing was; images: s, scale and
    translation: (number of spatial dims,) → y: output_shape, whose other dims are those of the images."""

    operands = ("images", "scale", "translation")
    convention = "named"
    output_shape: Dims
    spatial_dims: Ints
    method: str = attr(one_of(*_LINEAR, *_CUBIC, "lanczos3", "lanczos5"))
    antialias: bool = True

    def infer(self, images: TensorType, scale: TensorType, translation: TensorType) -> TensorType:
        for at, operand in enumerate((images, scale, translation)):
            expect_dtype(operand, operand.dtype == "f32", "f32", at=at)
        axes = {normal_axis(axis, images.rank, "spatial_dims") for axis in self.spatial_dims}
        for at, operand in ((1, scale), (2, translation)):
            expect_rank(operand, 1, at=at)
            expect_equal(operand.shape[0], len(axes), "the numbers of factors and of spatial dims", at=at)
        expect_sizes(self.output_shape, "output_shape")
        kept = zip(images.shape, self.output_shape, strict=len(self.output_shape) == images.rank)
        same = all(axis in axes or agree(*dims) is not None for axis, dims in enumerate(kept))
        if len(self.output_shape) != images.rank or not same:
            message = f"{show(self.output_shape)} differs from {show(images.shape)} in more than the spatial dims"
            raise OpError("shape-mismatch", message, at="output_shape")
        return images.with_shape(*self.output_shape)

    def macs(self, *_: TensorType) -> None:
        """Not known: the products that interpolate depend on the order of the axes."""
