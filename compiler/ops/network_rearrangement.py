"""Owns the functions of keras.ops that exchange space and channels: depth_to_space, space_to_depth, unfold, fold."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.convolution_arithmetic import conv_output_length, conv_transpose_output_length
from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.assumptions import suppose_multiple
from netwright.compiler.ops.attributes import Spatial, at_least_two, attr, not_negative, one_of, positive
from netwright.compiler.ops.layout import CaseFolded, is_possible
from netwright.compiler.ops.op import Function, OpError, expect_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers
from netwright.compiler.types import TensorType


def divided(dim: Dim, factor: int, what: str) -> Dim:
    """dim / factor; an error where the division is known to leave a rest."""
    whole = equal(dim % factor, 0)
    if whole is False:
        raise OpError("impossible-size", f"{what} of {dim} is no multiple of {factor}", at="block_size")
    if whole is None:
        suppose_multiple(dim, factor)
    return dim // factor


class Blocks(Function, abstract=True):
    """Pixels of blocks of `block_size` squared, and their channels."""

    block_size: int = attr(at_least_two)
    data_format: CaseFolded = attr(one_of("channels_last", "channels_first"), default="channels_last")

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_rank(x, 4)
        if self.data_format == "channels_first":
            batch, channels, height, width = x.shape
            channels, height, width = self.exchanged(channels, height, width)
            return x.with_shape(batch, channels, height, width)
        batch, height, width, channels = x.shape
        channels, height, width = self.exchanged(channels, height, width)
        return x.with_shape(batch, height, width, channels)

    def exchanged(self, channels: Dim, height: Dim, width: Dim) -> tuple[Dim, Dim, Dim]:
        """The new channels, height and width."""
        raise NotImplementedError

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class DepthToSpace(Blocks):
    """y[n, b i + k, b j + l, c] = x[n, i, j, (b k + l) C + c]; x: (N, H, W, b² C) → (N, b H, b W, C). Shi et al. 2016,
    arXiv:1609.05158."""

    def exchanged(self, channels: Dim, height: Dim, width: Dim) -> tuple[Dim, Dim, Dim]:
        block = self.block_size
        return divided(channels, block**2, "a number of channels"), height * block, width * block


class SpaceToDepth(Blocks):
    """The inverse of depth_to_space; x: (N, b H, b W, C) → (N, H, W, b² C)."""

    def exchanged(self, channels: Dim, height: Dim, width: Dim) -> tuple[Dim, Dim, Dim]:
        block = self.block_size
        return channels * block**2, divided(height, block, "a height"), divided(width, block, "a width")


class Windows(Function, abstract=True):
    """Windows of `kernel_size` over images with the channels first, as columns."""

    rank: ClassVar[int] = 2  # of the spatial attributes
    kernel_size: Spatial = attr(positive)
    dilation: Spatial = attr(positive, default=1)
    padding: Spatial = attr(not_negative, default=0)
    stride: Spatial = attr(positive, default=1)

    def positions(self, height: Dim, width: Dim) -> Dim:
        """How many windows there are."""
        rows, columns = (self._along(axis, length) for axis, length in enumerate((height, width)))
        return rows * columns

    def _along(self, axis: int, length: Dim) -> Dim:
        padded = length + 2 * self.padding[axis]
        count = conv_output_length(padded, self.kernel_size[axis], self.stride[axis], self.dilation[axis])
        if not is_possible(count):
            message = f"a window of {self.kernel_size[axis]} does not fit a {('height', 'width')[axis]} of {padded}"
            raise OpError("impossible-size", message, at="kernel_size")
        return count


class Unfold(Windows):
    """Every window as a column; x: (N, C, H, W) → (N, C kh kw, number of windows)."""

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float or x.dtype == "i32", "floats")
        expect_rank(x, 4)
        channels, height, width = (known_size(dim, "the size of an image") for dim in x.shape[1:])
        rows, columns = self.kernel_size
        return x.with_shape(x.shape[0], channels * rows * columns, self.positions(height, width))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class Fold(Windows):
    """The sum of what all windows hold of each pixel, the transpose of unfold; x: (N, C kh kw, number of windows) →
    (N, C, *output_size)."""

    not_trained_on = ("tensorflow",)
    output_size: Spatial = attr(positive)
    order = ("output_size", "kernel_size", "dilation", "padding", "stride")

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.dtype not in {"bool", "str"}, "numbers")
        expect_rank(x, 3)
        rows, columns = self.kernel_size
        depth = known_size(x.shape[1], "the size of a column")
        if depth % (rows * columns):
            message = f"columns of {depth} do not hold windows of {rows} by {columns}"
            raise OpError("shape-mismatch", message, at="kernel_size", label=f"this is {x}")
        wanted = self.positions(*self.output_size)
        if agree(x.shape[2], wanted) is None:
            message = f"an image of {list(self.output_size)} has {wanted} windows, found {x.shape[2]}"
            raise OpError("shape-mismatch", message, at=0, label=f"this is {x}")
        for axis, length in enumerate(self.output_size):
            self._expect_covered(axis, length)
        return x.with_shape(x.shape[0], depth // (rows * columns), *self.output_size)

    def _expect_covered(self, axis: int, length: int) -> None:
        """The last window ends where the image ends; otherwise Keras on JAX makes an image of another size."""
        count = self._along(axis, length)
        kernel, stride, dilation = self.kernel_size[axis], self.stride[axis], self.dilation[axis]
        made = conv_transpose_output_length(count, kernel, stride, dilation=dilation)
        padded = length + 2 * self.padding[axis]
        if made != padded:
            message = f"windows of {kernel} by steps of {stride} make {made} of {padded} pixels"
            raise OpError("not-supported", message, at="output_size", help=f"fold to {made} and crop or pad")

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size
