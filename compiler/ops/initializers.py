"""Owns Keras's initializers as values, with Keras's signatures. What they compute is Keras's; here is only what they
are given and which shapes they take."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.attributes import TYPES, AttributeType, Ints, attr, one_of, positive, type_of
from netwright.compiler.ops.configuration import Configuration, find
from netwright.compiler.ops.op import Joined, Op, OpError, Weight
from netwright.compiler.ops.shapes import broadcasts_to
from netwright.compiler.types import Shape


class Initializer(Configuration, kind="initializers"):
    """Fills a weight with its first values."""

    #: (fewest, most) axes of a weight that it can fill; most none: any number
    ranks: ClassVar[tuple[int, int | None]] = (0, None)
    #: draws at random, which Keras does for floats only
    draws: ClassVar[bool] = True
    #: floats that it cannot draw
    impossible_dtypes: ClassVar[tuple[str, ...]] = ()

    def takes_rank(self, rank: int) -> bool:
        """Whether it can fill a weight of that rank."""
        fewest, most = self.ranks
        return fewest <= rank and (most is None or rank <= most)


def expect_fillable(op: Op, weight: Weight) -> None:
    """The weight is of a rank and a dtype that its initializer takes."""
    whole = weight.initializer
    parts = whole.parts if isinstance(whole, Joined) else ((None, whole),)
    for size, given in parts:
        named = find("initializers", given) if isinstance(given, str) else None
        initializer = given if named is None else named({})
        if isinstance(initializer, Initializer):
            _expect_dtype(op, weight, initializer)
            _expect_rank(op, weight, initializer)
        if isinstance(initializer, Constant):
            _expect_shape(op, weight, initializer, weight.shape if size is None else (*weight.shape[:-1], size))


def _expect_dtype(op: Op, weight: Weight, initializer: Initializer) -> None:
    if initializer.draws and not is_float(weight.dtype):
        message = f"the weights of {op.name_in_flow} are drawn at random, as floats only, found {weight.dtype}"
        raise OpError("dtype-mismatch", message, at="dtype")
    if weight.dtype in initializer.impossible_dtypes:
        message = f"{initializer.name_in_flow} fills no {weight.dtype}, the dtype of {weight.name}"
        help = f"give {op.name_in_flow} another initializer for it"
        raise OpError("dtype-mismatch", message, at="dtype", help=help)


def _expect_rank(op: Op, weight: Weight, initializer: Initializer) -> None:
    if not initializer.takes_rank(len(weight.shape)):
        message = f"{initializer.name_in_flow} cannot fill {weight.name}, which is of rank {len(weight.shape)}"
        fewest, most = initializer.ranks
        label = f"fills rank {fewest}" + ("" if fewest == most else " and above")
        raise OpError("invalid-argument", message, at=_attribute_of(op, weight), label=label)


def _expect_shape(op: Op, weight: Weight, initializer: Constant, shape: Shape) -> None:
    found = _shape_of(initializer.value)
    if not broadcasts_to(found, shape):
        message = f"{weight.name} is of shape {list(shape)}, the constant of shape {list(found)}"
        raise OpError("shape-mismatch", message, at=_attribute_of(op, weight), label="does not fill it")


def _attribute_of(op: Op, weight: Weight) -> str | None:
    """The operator's attribute that the weight's initializer is given by, where it has one."""
    return next((name for name in (f"{weight.name}_initializer", "initializer") if name in type(op).attributes()), None)


def _shape_of(value: Any) -> Shape:
    return (len(value), *_shape_of(value[0])) if isinstance(value, tuple) else ()


class _Array(AttributeType):
    """Lists in lists of numbers, all of one depth and those beside each other of one length."""

    expected = "an array: a list of numbers, or of lists of one length"

    def convert(self, value: Any, owner: Any) -> Any:
        if not isinstance(value, tuple) or not value:
            raise self.fault()
        items = tuple(type_of("float | Array").convert(item, owner) for item in value)
        if len(set(map(_shape_of, items))) > 1:
            raise self.fault()
        return items

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "minItems": 1}


TYPES["Array"] = _Array()
Array = tuple[Any, ...]


class Zeros(Initializer):
    """0 everywhere."""

    draws = False
    aliases = ("zero",)


class Ones(Initializer):
    """1 everywhere."""

    draws = False
    aliases = ("one",)


class Constant(Initializer):
    """`value` everywhere; or an array of values, as lists, that is as large as the weight or broadcasts to it."""

    draws = False
    not_alone = ("constant", "Constant")
    value: float | Array = 0.0


class Identity(Initializer):
    """gain · I; for matrices only."""

    draws = False
    aliases = ("IdentityInitializer",)
    ranks = (2, 2)
    gain: float = 1.0


class STFT(Initializer):
    """The kernel of a short-time Fourier transform, real or imaginary part; shape (frame_length, channels, bins)."""

    draws = False
    aliases = ("STFTInitializer",)
    ranks = (3, 3)
    side: str = attr(one_of("real", "imag"), default="real")
    window: str | None = "hann"
    scaling: str | None = attr(one_of("density", "spectrum"), default="density")
    periodic: bool = False


class RandomNormal(Initializer):
    """Normal with the given mean and standard deviation."""

    aliases = ("normal",)
    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None


class TruncatedNormal(Initializer):
    """Normal, drawn again where it is more than two standard deviations off the mean."""

    mean: float = 0.0
    stddev: float = 0.05
    seed: int | None = None


class RandomUniform(Initializer):
    """Uniform from minval to maxval."""

    aliases = ("uniform",)
    minval: float = -0.05
    maxval: float = 0.05
    seed: int | None = None


class Orthogonal(Initializer):
    """gain · an orthogonal matrix (Saxe et al. 2013, arXiv:1312.6120); all axes but the last are rows."""

    aliases = ("OrthogonalInitializer",)
    ranks = (2, None)
    impossible_dtypes = ("bf16",)  # the backends have no QR decomposition of it
    gain: float = 1.0
    seed: int | None = None


class FanScaled(Initializer, kind="initializers"):
    """An initializer whose variance depends on the weight's fans: VarianceScaling and what Keras derives from it."""

    seed: int | None = None
    input_axes: Ints | None = None
    output_axes: Ints | None = None

    def with_axes(self, input_axes: Ints, output_axes: Ints) -> Self:
        """The same with the axes that its fans multiply, unless it has them already."""
        if self.input_axes is not None and self.output_axes is not None:
            return self
        values = {name: getattr(self, name) for name in type(self).attributes()}
        return type(self)(values | {"input_axes": input_axes, "output_axes": output_axes})


class VarianceScaling(FanScaled):
    """Variance scale / n, where n is the number of inputs (fan_in), outputs (fan_out) or their mean (fan_avg)."""

    order: ClassVar[tuple[str, ...]] = ("scale", "mode", "distribution", "seed")
    scale: float = attr(positive, default=1.0)
    mode: str = attr(one_of("fan_in", "fan_out", "fan_avg"), default="fan_in")
    distribution: str = attr(
        one_of("truncated_normal", "untruncated_normal", "uniform", "normal"), default="truncated_normal"
    )


class GlorotUniform(FanScaled):
    """Uniform, variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010)."""


class GlorotNormal(FanScaled):
    """Truncated normal, variance 2 / (fan_in + fan_out) (Glorot & Bengio 2010)."""


class HeNormal(FanScaled):
    """Truncated normal, variance 2 / fan_in (He et al. 2015, arXiv:1502.01852)."""


class HeUniform(FanScaled):
    """Uniform, variance 2 / fan_in (He et al. 2015, arXiv:1502.01852)."""


class LecunNormal(FanScaled):
    """Truncated normal, variance 1 / fan_in (LeCun et al. 1998; Klambauer et al. 2017, arXiv:1706.02515)."""


class LecunUniform(FanScaled):
    """Uniform, variance 1 / fan_in (LeCun et al. 1998)."""
