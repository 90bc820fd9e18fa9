"""Owns how tensors with spatial dims are laid out: where the channels stand, and taking such a shape apart and putting
it together. Base classes of convolution, pooling, padding and resizing; knows none of their formulas."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim, positive
from netwright.compiler.ops.attributes import TYPES, AttributeType, attr, one_of
from netwright.compiler.ops.op import Layer, OpError
from netwright.compiler.types import TensorType

#: the dtypes that TensorFlow's kernels for images take
IMAGE_DTYPES = ("f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16")

#: what the spatial dims of each rank are called
SPATIAL_NAMES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class _CaseFolded(AttributeType):
    """A word in any case, as Keras takes "SAME"; the normal form is lower case."""

    expected = "a string"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, str):
            return value.lower()
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


TYPES["CaseFolded"] = _CaseFolded()
CaseFolded = str  # what type checkers see behind the annotation name


class SpatialLayer(Layer, abstract=True):
    """A layer over (batch, *spatial, channels) with `rank` spatial dims."""

    rank: ClassVar[int]

    @property
    def channels_last(self) -> bool:
        """Whether the channels stand behind the spatial dims, or before them."""
        return True

    def expect_layout(self, x: TensorType) -> None:
        """`x` has a batch dim, `rank` spatial dims and channels."""
        if x.rank == self.rank + 2:
            return
        names = SPATIAL_NAMES[self.rank]
        layout = ", ".join(["batch", *names, "channels"] if self.channels_last else ["batch", "channels", *names])
        message = f"expected a tensor of rank {self.rank + 2} ({layout}), found rank {x.rank}"
        raise OpError("rank-mismatch", message, at=0, label=f"this is {x}")

    def spatial(self, x: TensorType) -> tuple[Dim, ...]:
        """The spatial dims of `x`."""
        return x.shape[1:-1] if self.channels_last else x.shape[2:]

    def channels(self, x: TensorType) -> Dim:
        """The channel dim of `x`."""
        return x.shape[-1] if self.channels_last else x.shape[1]

    def with_layout(self, x: TensorType, spatial: tuple[Dim, ...], channels: Dim) -> TensorType:
        """A tensor like `x` with these dims beside the batch."""
        rest = (*spatial, channels) if self.channels_last else (channels, *spatial)
        return x.with_shape(x.shape[0], *rest)

    def with_spatial(self, x: TensorType, spatial: tuple[Dim, ...]) -> TensorType:
        """A tensor like `x` with other spatial dims."""
        return self.with_layout(x, spatial, self.channels(x))


class FormattedLayer(SpatialLayer, abstract=True):
    """A spatial layer that may be told where the channels stand."""

    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    @property
    def channels_last(self) -> bool:
        return self.data_format != "channels_first"


def is_possible(size: Dim) -> bool:
    """Whether the size can be 1 or more for some values of its symbols."""
    return positive(size) is not False


def expect_float(x: TensorType) -> None:
    """The operand is of a float dtype; with integers TensorFlow does not compute it."""
    if not x.is_float:
        help = "declare the input as f32, or put rescaling(1 / 255) before this layer"
        raise OpError("dtype-mismatch", f"expected floats, found {x.dtype}", at=0, label=f"this is {x}", help=help)


def expect_dtype(x: TensorType, dtypes: tuple[str, ...]) -> None:
    """The operand is of one of these dtypes."""
    if x.dtype not in dtypes:
        message = f"expected a tensor of one of {', '.join(dtypes)}, found {x.dtype}"
        raise OpError("dtype-mismatch", message, at=0, label=f"this is {x}")
