"""Owns the functions of keras.ops.image that cut, enlarge and move images: (N, H, W, c), or without N. Each is known by
its bare name and as `ops.image.<name>`."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from netwright.compiler.dims import Dim, less_equal, positive as is_positive
from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of, positive
from netwright.compiler.ops.convolution import Conv2D, Conv3D
from netwright.compiler.ops.layout import CaseFolded, expect_float
from netwright.compiler.ops.network_pooling import layer_of_rank
from netwright.compiler.ops.op import Function, OpError, expect_rank, known_size
from netwright.compiler.ops.resizing import TAPS, Resizing
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.types import TensorType


class ImageFunction(Function, abstract=True):
    """A function of keras.ops.image."""

    module = "ops.image"
    operands: ClassVar[tuple[str, ...]] = ("images",)


class FormattedFunction(ImageFunction, abstract=True):
    """A function of images that may be told where the channels stand."""

    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    def axes(self, images: TensorType) -> tuple[int, int, int]:
        """Where height, width and channels stand, counted from the end."""
        expect_rank(images, 3, 4)
        return (-2, -1, -3) if self.data_format == "channels_first" else (-3, -2, -1)

    def with_sizes(self, images: TensorType, height: Dim, width: Dim, channels: Dim | None = None) -> TensorType:
        """The images with other sizes."""
        rows, columns, depth = self.axes(images)
        dims = list(images.shape)
        dims[rows], dims[columns] = height, width
        dims[depth] = dims[depth] if channels is None else channels
        return images.with_shape(*dims)


# ---------------------------------------------------------------- sizes


class Resize(FormattedFunction):
    """Images interpolated to `size`, as resizing; x: (N, H, W, c) → (N, *size, c), or without N."""

    size: Ints = attr(positive)
    interpolation: str = attr(one_of(*TAPS), default="bilinear")
    antialias: bool = False
    crop_to_aspect_ratio: bool = False
    pad_to_aspect_ratio: bool = False
    fill_mode: str = attr(one_of("constant"), default="constant")
    fill_value: float = 0.0
    order = (
        *("size", "interpolation", "antialias", "crop_to_aspect_ratio", "pad_to_aspect_ratio"),
        *("fill_mode", "fill_value", "data_format"),
    )

    @property
    def layer(self) -> Resizing:
        """The layer that does the same."""
        values = {name: getattr(self, name) for name in type(self).attributes() if name != "size"}
        return Resizing({**values, "height": self.size[0], "width": self.size[1]})

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.layer.not_run_on

    @property
    def not_trained_on(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.layer.not_trained_on

    def validate(self) -> None:
        if len(self.size) != 2:
            raise OpError("invalid-argument", f"expected a height and a width, found {list(self.size)}", at="size")
        self.layer.validate()

    def infer(self, images: TensorType) -> TensorType:
        return self.layer.infer(images)

    def elementwise(self, images: TensorType, y: TensorType) -> Dim | None:
        return self.layer.elementwise(images, y)


class Bordered(FormattedFunction, abstract=True):
    """Images with pixels more or fewer at each edge; of the two edges and the target along each axis two are given."""

    #: what the edges' attributes end on, and by how much a pixel there changes the size
    edge: ClassVar[str]
    sign: ClassVar[int]
    target_height: int | None = attr(positive, default=None)
    target_width: int | None = attr(positive, default=None)

    def _along(self, before: str, after: str, target: str) -> tuple[int | None, int | None, int | None]:
        names = (f"{before}_{self.edge}", f"{after}_{self.edge}", target)
        given: tuple[int | None, ...] = tuple(getattr(self, name) for name in names)
        if given.count(None) != 1:
            message = f"two of {', '.join(names)} are needed, found {3 - given.count(None)}"
            raise OpError("invalid-argument", message)
        return given[0], given[1], given[2]

    def validate(self) -> None:
        self._edges()

    def _edges(self) -> tuple[tuple[int | None, int | None, int | None], ...]:
        """(before, after, target) of the height and of the width."""
        return self._along("top", "bottom", "target_height"), self._along("left", "right", "target_width")

    def infer(self, images: TensorType) -> TensorType:
        expect_numbers(images)
        dims = [images.shape[axis] for axis in self.axes(images)[:2]]
        height, width = (self._sized(dim, *edges) for dim, edges in zip(dims, self._edges(), strict=True))
        return self.with_sizes(images, height, width)

    def _sized(self, dim: Dim, before: int | None, after: int | None, target: int | None) -> Dim:
        if target is None:
            size = dim + self.sign * ((before or 0) + (after or 0))
            if is_positive(size) is False:
                raise OpError("impossible-size", f"nothing is left of {dim} pixels")
            return size
        rest = (target - dim) * self.sign - (before or 0) - (after or 0)
        if less_equal(0, rest) is False:
            message = f"{dim} pixels do not make {target} with {(before or 0) + (after or 0)} at one edge"
            raise OpError("impossible-size", message, at=0, label="these are the images")
        return target

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class CropImages(Bordered):
    """Images without some pixels at each edge; x: (N, H, W, c) → (N, target_height, target_width, c), or without N."""

    edge = "cropping"
    sign = -1
    top_cropping: int | None = attr(not_negative, default=None)
    left_cropping: int | None = attr(not_negative, default=None)
    bottom_cropping: int | None = attr(not_negative, default=None)
    right_cropping: int | None = attr(not_negative, default=None)
    order = (
        *("top_cropping", "left_cropping", "bottom_cropping", "right_cropping"),
        *("target_height", "target_width", "data_format"),
    )

    def infer(self, images: TensorType) -> TensorType:
        for axis, edges in zip(self.axes(images)[:2], self._edges(), strict=True):
            if edges[2] is None and not isinstance(images.shape[axis], int):
                message = f"Keras does not crop {images.shape[axis]} pixels without a target"
                help = "give target_height and target_width, or write a slice: x[:, 1:-1, 1:-1]"
                raise OpError("unknown-size", message, at=0, help=help)
        return super().infer(images)


class PadImages(Bordered):
    """Images with pixels of 0 more at each edge; x: (N, H, W, c) → (N, target_height, target_width, c), or without
    N."""

    edge = "padding"
    sign = 1
    top_padding: int | None = attr(not_negative, default=None)
    left_padding: int | None = attr(not_negative, default=None)
    bottom_padding: int | None = attr(not_negative, default=None)
    right_padding: int | None = attr(not_negative, default=None)
    order = (
        *("top_padding", "left_padding", "bottom_padding", "right_padding"),
        *("target_height", "target_width", "data_format"),
    )


# ---------------------------------------------------------------- patches


class Patches(ImageFunction, abstract=True):
    """Each window as the channels of one pixel. Nothing is computed, though Keras does it by a convolution."""

    size: int | Ints = attr(positive)
    strides: int | Ints | None = attr(positive, default=None)
    dilation_rate: int | Ints = attr(positive, default=1)
    padding: str = attr(one_of("valid", "same"), default="valid")
    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    def patches(self, x: TensorType, rank: int) -> TensorType:
        """As the convolution infers it whose filters copy a pixel each; `rank` spatial dims."""
        expect_float(x)
        expect_rank(x, rank + 1, rank + 2)
        sizes = self.size if isinstance(self.size, tuple) else (self.size,) * rank
        first = self.data_format == "channels_first"
        channels = known_size(x.shape[-rank - 1 if first else -1], "the number of channels")
        values = {name: getattr(self, name) for name in ("dilation_rate", "padding", "data_format")}
        values |= {"kernel_size": sizes, "strides": self.strides or sizes, "filters": prod(sizes) * channels}
        batch = x if x.rank == rank + 2 else x.with_shape(1, *x.shape)
        layers: Any = (Conv2D, Conv2D, Conv3D)
        y: TensorType = layer_of_rank(layers, batch, {**values, "dtype": x.dtype}).infer(batch)
        return y if batch is x else y.with_shape(*y.shape[1:])

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class ExtractPatches(Patches):
    """Windows of images as channels; x: (N, H, W, c) → (N, H', W', kh kw c), or without N; of volumes where size has
    three numbers. The windows stand `size` apart unless strides say otherwise."""

    def infer(self, images: TensorType) -> TensorType:
        rank = len(self.size) if isinstance(self.size, tuple) else 2
        if rank not in {2, 3}:
            raise OpError("invalid-argument", f"expected two or three sizes, found {rank}", at="size")
        return self.patches(images, rank)


class ExtractPatches3D(Patches):
    """Windows of volumes as channels; x: (N, D, H, W, c) → (N, D', H', W', kd kh kw c), or without N."""

    name_in_flow = "extract_patches_3d"
    operands = ("volumes",)

    def infer(self, volumes: TensorType) -> TensorType:
        return self.patches(volumes, 3)
