"""Owns dropout and noise: layers that change values in training only, and are the identity at inference. What they cost
is counted as at inference: nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, attr, between, one_of
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Layer, LayerName, OpError, expect_min_rank, expect_rank
from netwright.compiler.ops.shapes import PartialShape, PartialShapeType, broadcasts_to
from netwright.compiler.ops.tensor_rules import expect_dtype, show
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


def below_one(value: float) -> str | None:
    """A noise that divides by 1 - rate."""
    return None if value < 1 else "a number below 1"


class TrainingNoise(Layer, abstract=True):
    """y = x at inference; x: (...) → y: (...)."""

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")  # the backends draw noise for floats only
        return x

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class _NoiseShape(PartialShapeType):
    """A partial shape that is a list."""

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple):
            return super().convert(value, owner)
        raise self.fault()


TYPES["NoiseShape"] = _NoiseShape()
NoiseShape = PartialShape  # what type checkers see behind the annotation name


class ShapedDropout(TrainingNoise, abstract=True):
    """Drops with one decision for each entry of `noise_shape`, where none stands for the operand's size."""

    gradient_reads = ("outputs",)
    rate: float = attr(between(0, 1))
    noise_shape: NoiseShape | None = None
    seed: int | None = None

    def infer(self, x: TensorType) -> TensorType:
        if self.noise_shape is not None:
            self._expect_fits(self.noise_shape, x)
        return super().infer(x)

    @staticmethod
    def _expect_fits(noise_shape: PartialShape, x: TensorType) -> None:
        sizes = [size if noise is None else noise for noise, size in zip(noise_shape, x.shape, strict=False)]
        if len(noise_shape) > x.rank or not broadcasts_to(sizes, x.shape):
            message = f"noise of shape {show(tuple(sizes))} does not broadcast to {show(x.shape)}"
            raise OpError("shape-mismatch", message, at="noise_shape")


class Dropout(ShapedDropout):
    """y = x m / (1 - rate), each m 0 with probability `rate`, else 1; x: (...) → y: (...) (Srivastava et al. 2014)."""


class AlphaDropout(ShapedDropout):
    """y = a x' + b, x' being -1.758 in the place of x with probability `rate`; a and b keep mean and variance;
    x: (...) → y: (...) (Klambauer et al. 2017, arXiv:1706.02515)."""

    rate: float = attr(between(0, 1), below_one)


class GaussianDropout(TrainingNoise):
    """y = x n, n ~ N(1, rate / (1 - rate)); x: (...) → y: (...) (Srivastava et al. 2014)."""

    gradient_reads = ("outputs",)
    rate: float = attr(between(0, 1), below_one)
    seed: int | None = None


class GaussianNoise(TrainingNoise):
    """y = x + n, n ~ N(0, stddev²); x: (...) → y: (...)."""

    stddev: float = attr(between(0, 1))
    seed: int | None = None


class StochasticDepth(TrainingNoise, WrittenLayer):
    """y = x m / (1 - rate), m being 0 with probability `rate`, else 1: one for each example, or with mode=batch one for
    all; it stands at the end of a residual branch; x: (N, ...) → y: x's (Huang et al. 2016, arXiv:1603.09382)."""

    rate: float = attr(between(0, 1), below_one)
    mode: str = attr(one_of("row", "batch"), default="row")
    seed: int | None = None

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        return super().infer(x)


class SpatialDropout(TrainingNoise, abstract=True):
    """Drops whole channels; takes less of what all layers take, as in Keras."""

    rank: ClassVar[int]
    rate: float = attr(between(0, 1))
    seed: int | None = None
    name: LayerName | None = None
    dtype: DType | None = None
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]

    def infer(self, x: TensorType) -> TensorType:
        expect_rank(x, self.rank + 2)
        return super().infer(x)


class SpatialDropout1D(SpatialDropout):
    """y[n, t, c] = x[n, t, c] m[n, c] / (1 - rate); x: (N, T, c) → y: (N, T, c) (Tompson et al. 2015,
    arXiv:1411.4280)."""

    rank = 1


class SpatialDropout2D(SpatialDropout):
    """y[n, h, w, c] = x[n, h, w, c] m[n, c] / (1 - rate); x: (N, H, W, c) → y: (N, H, W, c) (Tompson et al. 2015,
    arXiv:1411.4280)."""

    rank = 2
    data_format: str | None = attr(one_of("channels_last", "channels_first"), default=None)
    order = ("rate", "data_format")


class SpatialDropout3D(SpatialDropout):
    """y[n, d, h, w, c] = x[n, d, h, w, c] m[n, c] / (1 - rate); x: (N, D, H, W, c) → y: (N, D, H, W, c)
    (Tompson et al. 2015, arXiv:1411.4280)."""

    rank = 3
    data_format: str | None = attr(one_of("channels_last", "channels_first"), default=None)
    order = ("rate", "data_format")
