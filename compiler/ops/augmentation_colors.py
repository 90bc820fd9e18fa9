"""Owns the layers that change the colours of images: at random in training alone, or always (auto_contrast,
contrast_limited_adaptive_histogram_equalization), and `pipeline`. Shapes, dtypes and costs are those of inference.
x: (N, H, W, c) → y: (N, H, W, c), or without N."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, AttributeType, Floats, Ints, attr, between, one_of, positive
from netwright.compiler.ops.augmentation import Augmentation, FormattedAugmentation, two_numbers, within
from netwright.compiler.ops.layout import CaseFolded
from netwright.compiler.ops.op import Layer, LayerName, OpError, Weight, expect_rank
from netwright.compiler.ops.regularizers import OrthogonalRegularizer
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.ops.wrapping import blamed, expect_inner, nested
from netwright.compiler.types import TensorType


class RandomBrightness(Augmentation):
    """x + δ (high - low), δ up to `factor`, clipped to the range of values."""

    keeps_dtype = True
    factor: float | Floats = attr(within(-1, 1))
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "value_range", "seed")


class RandomContrast(Augmentation):
    """(x - mean) c + mean, the mean of each image and channel, c from 1 - factor to 1 + factor."""

    keeps_dtype = True
    factor: float | Floats = attr(within(0, 1))
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "value_range", "seed")


class Solarization(Augmentation):
    """Values above a threshold inverted, after an addition."""

    addition_factor: float | Floats = attr(within(0, 1), default=0.0)
    threshold_factor: float | Floats = attr(within(0, 1), default=0.0)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("addition_factor", "threshold_factor", "value_range", "seed")


class Recoloured(FormattedAugmentation, abstract=True):
    """An augmentation of colours by a factor."""

    keeps_dtype = True
    factor: float | Floats = attr(within(-1, 1))
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "value_range", "data_format", "seed")


class RandomColorDegeneration(Recoloured):
    """c x + (1 - c) grey(x): colours up to `factor` weaker."""

    channel_counts = (3,)


class RandomSaturation(Recoloured):
    """The saturation of each image changed by up to `factor`."""

    channel_counts = (3,)


class RandomHue(Recoloured):
    """The hue of each image turned by up to `factor`."""

    channel_counts = (3,)
    factor: float | Floats = attr(within(0, 1))


class RandomPosterization(Recoloured):
    """The values cut to `factor` bits, 1 to 8."""

    factor: int | Ints = attr(within(1, 8))


class RandomSharpness(Recoloured):
    """Each image blended with its smoothed one by up to `factor`."""

    keeps_dtype = False
    factor: float | Floats = attr(within(0, 1))


class RandomInvert(FormattedAugmentation):
    """high - x, with probability `factor`."""

    keeps_dtype = True
    factor: float | Floats = attr(within(0, 1), default=1.0)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "value_range", "seed", "data_format")


class RandomGrayscale(FormattedAugmentation):
    """The grey of x in all channels, with probability `factor`."""

    keeps_dtype = True
    channel_counts = (1, 3)
    factor: float = attr(between(0, 1), default=0.5)
    order = ("factor", "data_format", "seed")


class RandomColorJitter(FormattedAugmentation):
    """Brightness, contrast, saturation and hue changed, each by its factor if it has one; the last two of the three
    channels of the last axis, which Keras takes for them whatever data_format says."""

    keeps_dtype = True
    channels_last = True
    value_range: Floats = attr(two_numbers, default=(0, 255))
    brightness_factor: float | Floats | None = attr(within(-1, 1), default=None)
    contrast_factor: float | Floats | None = attr(within(0, 1), default=None)
    saturation_factor: float | Floats | None = attr(within(-1, 1), default=None)
    hue_factor: float | Floats | None = attr(within(0, 1), default=None)
    order = (
        *("value_range", "brightness_factor", "contrast_factor", "saturation_factor", "hue_factor"),
        *("seed", "data_format"),
    )

    @property
    def channel_counts(self) -> tuple[int, ...]:  # type: ignore[override]
        return () if self.saturation_factor is None and self.hue_factor is None else (3,)


def _range(value: Any) -> str | None:
    fits = isinstance(value, tuple) and len(value) == 2 and value[0] != value[1]
    return None if fits else "a list of two numbers that differ"


class Equalization(FormattedAugmentation):
    """The histogram of each channel made even: y = 255 (F(x) - min F) / (max F - min F), F its sums over `bins` bins,
    scaled to the range of values. XLA on JAX unrolls the bins: 256 of them take a minute to compile for training."""

    keeps_dtype = True
    in_pipeline = True
    value_range: Floats = attr(_range, default=(0, 255))
    bins: int = attr(positive, default=256)
    seed: ClassVar[None] = None  # type: ignore[misc]
    order = ("value_range", "bins", "data_format")


# ---------------------------------------------------------------- always, not only in training


class Recontrasted(Layer, abstract=True):
    """A layer that changes images in inference too."""

    operands = ("data",)
    value_range: Floats = attr(two_numbers, default=(0, 255))

    def infer(self, data: TensorType) -> TensorType:
        expect_numbers(data)
        expect_rank(data, 3, 4)
        return data


class AutoContrast(Recontrasted):
    """y = (x - min) / (max - min), scaled to the range of values; min and max of each image and channel."""

    def infer(self, data: TensorType) -> TensorType:
        return super().infer(data).with_dtype(self.compute_dtype)

    def elementwise(self, data: TensorType, y: TensorType) -> Dim:
        return 5 * y.size


class ContrastLimitedAdaptiveHistogramEqualization(Recontrasted):
    """The histogram of each tile of the image made even, none of it steeper than `clip_limit`, blended between tiles
    (Zuiderveld 1994)."""

    clip_limit: float = 4.0
    tile_grid_size: Ints = attr(two_numbers, positive, default=(8, 8))
    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)
    order = ("value_range", "clip_limit", "tile_grid_size", "data_format")

    def infer(self, data: TensorType) -> TensorType:
        y = super().infer(data)
        lengths = data.shape[-2:] if self.data_format == "channels_first" else data.shape[-3:-1]
        for length, tiles in zip(lengths, self.tile_grid_size, strict=True):
            if isinstance(length, int) and -length % tiles > length:
                message = f"{length} pixels are mirrored once, which does not make {tiles} tiles of them"
                raise OpError("impossible-size", message, at="tile_grid_size", help="use a grid of fewer tiles")
        return y


# ---------------------------------------------------------------- several


class _LayersType(AttributeType):
    """A list of layers, each of one tensor."""

    expected = "a list of layers, such as [random_flip, rescaling(2)]"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple) and value and all(isinstance(item, Layer) for item in value):
            return value
        raise self.fault()


TYPES["LayerArguments"] = _LayersType()
LayerArguments = tuple[Layer, ...]  # what type checkers see behind the annotation name


class Pipeline(Layer):
    """y = layer_k(... layer_1(x)); in a spec an arrow says the same."""

    operands = ("inputs",)
    layers: LayerArguments
    name: LayerName | None = None
    dtype: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]

    def validate(self) -> None:
        for layer in self.layers:
            if layer.variadic or len(layer.operands) - len(layer.optional_operands) != 1:
                raise OpError("invalid-argument", f"{layer.name_in_flow} takes several tensors", at="layers")
            if isinstance(layer.activity_regularizer, OrthogonalRegularizer):
                message = (
                    f"{layer.name_in_flow} penalizes its outputs by rows, of which Keras's pipeline knows no number"
                )
                raise OpError("invalid-argument", message, at="layers", help="put it behind the pipeline: `-> ...`")

    def prepare(self, operand: TensorType) -> TensorType:
        return operand

    def _steps(self, x: TensorType) -> Iterator[tuple[Layer, TensorType, TensorType]]:
        """Each layer with what it gets and gives."""
        for layer in self.layers:
            x = layer.prepare(x)
            with blamed("layers", layer):
                y = layer.infer(x)
                if isinstance(y, tuple):
                    raise OpError("invalid-argument", f"{layer.name_in_flow} gives several tensors", at="layers")
                expect_inner(layer, x, y)
            yield layer, x, y
            x = y

    def infer(self, inputs: TensorType) -> TensorType:
        *_, (_, _, y) = self._steps(inputs)
        return y

    def weights(self, inputs: TensorType, **_: object) -> Iterable[Weight]:
        for number, (layer, x, _y) in enumerate(self._steps(inputs)):
            yield from nested(f"layer_{number}/", layer.weights(x), layer.trainable)

    def macs(self, inputs: TensorType, _y: TensorType) -> Dim | None:
        return _total(layer.macs(x, y) for layer, x, y in self._steps(inputs))

    def elementwise(self, inputs: TensorType, _y: TensorType) -> Dim | None:
        return _total(layer.elementwise(x, y) for layer, x, y in self._steps(inputs))


def _total(parts: Iterable[Dim | None]) -> Dim | None:
    total: Dim = 0
    for part in parts:
        if part is None:
            return None
        total = total + part
    return total
