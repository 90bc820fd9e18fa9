"""Owns the layers that change images at random in training and leave them as they are in inference; their shapes,
dtypes and costs are those of inference. x: (N, H, W, c) → y: (N, H, W, c), or without N.

What XLA compiles in training on one engine and not on the other is in `not_trained_on`."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attributes import Constraint, Floats, Ints, attr, between, not_negative, one_of, positive
from netwright.compiler.ops.layout import CaseFolded
from netwright.compiler.ops.op import Layer, LayerName, OpError, expect_rank
from netwright.compiler.ops.resizing import ImageLayer
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.types import TensorType

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_FORMATS = ("channels_last", "channels_first")


def two_numbers(value: Any) -> str | None:
    """A range of values."""
    return None if isinstance(value, tuple) and len(value) == 2 else "a list of two numbers"


def within(low: float, high: float) -> Constraint:
    """A number from low to high, or two of them, a range."""

    def check(value: Any) -> str | None:
        numbers = value if isinstance(value, tuple) else (value, value)
        fits = len(numbers) == 2 and all(low <= number <= high for number in numbers)
        return None if fits else f"a number from {low:g} to {high:g}, or a list of two"

    return check


class Augmentation(Layer, abstract=True):
    """y = x in inference, in the layer's dtype."""

    operands = ("data",)
    #: whether integers stay integers in inference; in training they become floats
    keeps_dtype = False
    #: how many channels training takes; none: any number
    channel_counts: ClassVar[tuple[int, ...]] = ()
    seed: int | None = None

    @property
    def channels_last(self) -> bool:
        """Whether the channels stand behind height and width, or before them."""
        return getattr(self, "data_format", None) != "channels_first"

    def infer(self, data: TensorType) -> TensorType:
        expect_numbers(data)
        expect_rank(data, 3, 4)
        if self.channel_counts:
            self._expect_channels(data)
        return data if self.keeps_dtype else data.with_dtype(self.compute_dtype)

    def _expect_channels(self, data: TensorType) -> None:
        channels = data.shape[-1 if self.channels_last else -3]
        if all(equal(channels, count) is False for count in self.channel_counts):
            wanted = " or ".join(map(str, self.channel_counts))
            message = f"{self.name_in_flow} takes images with {wanted} channels, found {channels}"
            raise OpError("shape-mismatch", message, at=0, label=f"this is {data}")

    def elementwise(self, data: TensorType, y: TensorType) -> Dim:
        return 0


class FormattedAugmentation(Augmentation, abstract=True):
    """An augmentation that may be told where the channels stand."""

    data_format: CaseFolded | None = attr(one_of(*_FORMATS), default=None)


class RandomFlip(FormattedAugmentation):
    """Images mirrored left to right, top to bottom, or both, each with probability 1/2."""

    mode: str = attr(one_of("horizontal", "vertical", "horizontal_and_vertical"), default="horizontal_and_vertical")
    order = ("mode", "seed", "data_format")


class RandomCrop(ImageLayer):
    """A window of images at a random place, the same for all of a batch; images that are too small are resized instead,
    after cropping to the aspect ratio. x: (N, H, W, c) → y: (N, height, width, c), or without N, in the layer's dtype.
    In inference Keras leaves images in their own size, so that the layer does not run directly."""

    not_run_on = ("tensorflow", "jax")
    operands = ("data",)
    seed: int | None = None
    name: LayerName | None = None
    order = ("height", "width", "seed", "data_format", "name")

    def infer(self, data: TensorType) -> TensorType:
        expect_numbers(data)
        return self.sized(data).with_dtype(self.compute_dtype)

    def elementwise(self, data: TensorType, y: TensorType) -> Dim:
        return 0


class MaxNumBoundingBoxes(Augmentation):
    """y = x: images stay as they are. The boxes that Keras's layer cuts and pads to max_number come in dictionaries,
    which a spec has not."""

    keeps_dtype = True
    max_number: int
    fill_value: int = -1
    seed: ClassVar[None] = None  # type: ignore[misc]


class Moved(FormattedAugmentation, abstract=True):
    """Images moved by an affine map, with what comes in from outside filled by `fill_mode`."""

    not_trained_on = ("tensorflow",)
    fill_mode: str = attr(one_of(*FILL_MODES), default="reflect")
    interpolation: str = attr(one_of(*INTERPOLATIONS), default="bilinear")
    fill_value: float = 0.0


class RandomRotation(Moved):
    """Images turned by an angle from -2π factor to 2π factor."""

    factor: float | Floats = attr(within(-1, 1))
    order = ("factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")


class RandomTranslation(Moved):
    """Images moved by up to height_factor H and width_factor W."""

    height_factor: float | Floats = attr(within(-1, 1))
    width_factor: float | Floats = attr(within(-1, 1))
    order = ("height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")


class RandomZoom(Moved):
    """Images made up to height_factor and width_factor smaller or larger; by one factor for both where width_factor is
    none."""

    height_factor: float | Floats = attr(within(-1, 1))
    width_factor: float | Floats | None = attr(within(-1, 1), default=None)
    order = ("height_factor", "width_factor", "fill_mode", "interpolation", "seed", "fill_value", "data_format")


class RandomShear(Moved):
    """Images sheared along x and y."""

    x_factor: float | Floats = attr(within(0, 1), default=0.0)
    y_factor: float | Floats = attr(within(0, 1), default=0.0)
    order = ("x_factor", "y_factor", "interpolation", "fill_mode", "fill_value", "data_format", "seed")


class RandomPerspective(FormattedAugmentation):
    """Images seen from another side, with probability `factor`; `scale` says how far the corners move."""

    not_trained_on = ("tensorflow",)
    factor: float | Floats = attr(within(0, 1), default=1.0)
    scale: float = attr(between(0, 1), default=1.0)
    interpolation: str = attr(one_of(*INTERPOLATIONS), default="bilinear")
    fill_value: float = 0.0
    order = ("factor", "scale", "interpolation", "fill_value", "seed", "data_format")

    def infer(self, data: TensorType) -> TensorType:
        y = super().infer(data)
        height, width = data.shape[-3:-1] if self.channels_last else data.shape[-2:]
        if 1 in (height, width):
            message = f"the corners of an image of {height} by {width} are not four points"
            raise OpError("impossible-size", message, at=0, label=f"this is {data}")
        return y


class RandomElasticTransform(FormattedAugmentation):
    """Images with each pixel moved by a smoothed random field, with probability `factor` (Simard et al. 2003)."""

    not_trained_on = ("tensorflow", "jax")
    factor: float | Floats = attr(within(0, 1), default=1.0)
    scale: float | Floats = attr(within(0, 1), default=1.0)
    interpolation: str = attr(one_of(*INTERPOLATIONS), default="bilinear")
    fill_mode: str = attr(one_of(*FILL_MODES), default="reflect")
    fill_value: float = 0.0
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "scale", "interpolation", "fill_mode", "fill_value", "value_range", "seed", "data_format")


def _colour(value: Any) -> str | None:
    return None if not isinstance(value, tuple) or len(value) == 3 else "a number, or a list of three"


class RandomErasing(FormattedAugmentation):
    """Images with a rectangle of `scale` of their area filled, with probability `factor` (Zhong et al. 2017,
    arXiv:1708.04896)."""

    factor: float | Floats = attr(within(0, 1), default=1.0)
    scale: float | Floats = attr(within(0, 1), default=(0.02, 0.33))
    fill_value: float | Floats | None = attr(_colour, default=None)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "scale", "fill_value", "value_range", "seed", "data_format")


def _odd(value: Any) -> str | None:
    numbers = value if isinstance(value, tuple) else (value, value)
    fits = len(numbers) == 2 and all(number % 2 for number in numbers)
    return None if fits else "an odd integer, or a list of two"


class RandomGaussianBlur(FormattedAugmentation):
    """Images convolved with a Gaussian, with probability `factor`."""

    factor: float | Floats = attr(within(0, 1), default=1.0)
    kernel_size: int | Ints = attr(_odd, positive, default=3)
    sigma: float | Floats = attr(within(0, 1), default=1.0)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    order = ("factor", "kernel_size", "sigma", "value_range", "data_format", "seed")


class CutMix(FormattedAugmentation):
    """Images with a rectangle of another image of the batch (Yun et al. 2019, arXiv:1905.04899)."""

    not_trained_on = ("tensorflow",)
    factor: float | Floats = attr(within(0, 1), default=1.0)
    order = ("factor", "seed", "data_format")


class MixUp(FormattedAugmentation):
    """λ x + (1 - λ) x' with another image x' of the batch and λ from Beta(alpha, alpha) (Zhang et al. 2017,
    arXiv:1710.09412). Keras draws λ in inference too, which XLA does not compile on TensorFlow."""

    keeps_dtype = True
    not_run_on = ("tensorflow",)
    alpha: float = attr(not_negative, default=0.2)
    order = ("alpha", "data_format", "seed")


class RandAugment(FormattedAugmentation):
    """`num_ops` random augmentations one after another, with strength `factor` (Cubuk et al. 2019,
    arXiv:1909.13719)."""

    not_trained_on = ("tensorflow",)
    channel_counts = (1, 3)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    num_ops: int = attr(not_negative, default=2)
    factor: float | Floats = attr(within(0, 1), default=0.5)
    interpolation: str = attr(one_of(*INTERPOLATIONS), default="bilinear")
    order = ("value_range", "num_ops", "factor", "interpolation", "seed", "data_format")


class AugMix(FormattedAugmentation):
    """A mixture of `num_chains` chains of up to `chain_depth` augmentations (Hendrycks et al. 2019,
    arXiv:1912.02781)."""

    not_trained_on = ("tensorflow",)
    value_range: Floats = attr(two_numbers, default=(0, 255))
    num_chains: int = attr(positive, default=3)
    chain_depth: int = attr(positive, default=3)
    factor: float | Floats = attr(within(0, 1), default=0.3)
    alpha: float = attr(positive, default=1.0)
    all_ops: bool = True
    interpolation: str = attr(one_of(*INTERPOLATIONS), default="bilinear")
    order = (
        *("value_range", "num_chains", "chain_depth", "factor", "alpha", "all_ops", "interpolation"),
        *("seed", "data_format"),
    )

    @property
    def channel_counts(self) -> tuple[int, ...]:  # type: ignore[override]
        return (1, 3) if self.all_ops else ()
