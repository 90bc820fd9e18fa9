"""Owns the normalization layers.

Operations beside multiply-adds, per element: a mean 1, a variance 2, subtracting and dividing 2, a root mean square 2,
and 1 each for gamma and beta. Batch normalization is counted as at inference, with the moving statistics."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Ints, call
from netwright.compiler.ops.configuration import Configuration, Constraint, Initializer, Regularizer
from netwright.compiler.ops.initializers import Constant, Ones, Zeros
from netwright.compiler.ops.op import Layer, OpError, Tensor, Weight, known_size, normal_axis
from netwright.compiler.ops.shapes import broadcasts_to
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers, normal_axes, show
from netwright.compiler.types import TensorType


class Rescaled(Layer, abstract=True):
    """A normalization that ends in y = gamma · x̂ + beta."""

    epsilon: float = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: Initializer | None = "zeros"
    gamma_initializer: Initializer | None = "ones"
    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None
    beta_constraint: Constraint | None = None
    gamma_constraint: Constraint | None = None

    def gamma_and_beta(self, shape: tuple[Dim, ...]) -> Iterable[Weight]:
        """gamma, if scale; beta, if center."""
        if self.scale:
            yield self.weight("gamma", shape, self.gamma_initializer)
        if self.center:
            yield self.weight("beta", shape, self.beta_initializer)

    @property
    def is_learnt(self) -> bool:
        """Whether there is a gamma or a beta."""
        return self.scale or self.center


class BatchNormalization(Rescaled):
    """y = gamma (x - μ) / √(σ² + ε) + beta with mean μ and variance σ² of each entry of `axis` over the batch; at
    inference their moving averages, which are not trained; x: (N, ..., c) → y: (N, ..., c), gamma, beta, μ, σ²: (c,)
    (Ioffe & Szegedy 2015, arXiv:1502.03167; renorm: Ioffe 2017, arXiv:1702.03275)."""

    excluded: ClassVar[dict[str, str]] = {"renorm_clipping": "a mapping, which flow does not have"}
    axis: int = -1
    momentum: float = 0.99
    moving_mean_initializer: Initializer | None = "zeros"
    moving_variance_initializer: Initializer | None = "ones"
    renorm: bool = False
    renorm_momentum: float = 0.99
    synchronized: bool = False
    mask: Tensor | None = call()
    order = (
        *("axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer"),
        *("moving_mean_initializer", "moving_variance_initializer"),
    )

    def validate(self) -> None:
        if self.renorm:
            self._initial_deviation()

    def infer(self, x: TensorType, mask: TensorType | None = None) -> TensorType:
        expect_numbers(x)
        self._size(x)
        if mask is not None and (mask.rank != x.rank - 1 or not broadcasts_to((*mask.shape, 1), x.shape)):
            message = f"expected a mask of shape {show(x.shape[:-1])}, found {show(mask.shape)}"
            raise OpError("shape-mismatch", message, at="mask")
        if mask is not None and self._size(x) == 1:
            message = f"Keras cannot train with a mask where axis {self.axis} has size 1"
            raise OpError("impossible-size", message, at="mask", help="leave the mask out, or normalize another axis")
        return x.with_dtype(self.compute_dtype)

    def _size(self, x: TensorType) -> int:
        return known_size(x.shape[normal_axis(self.axis, x.rank)], f"the size of axis {self.axis}")

    def weights(self, x: TensorType, mask: TensorType | None = None) -> Iterable[Weight]:
        shape = (self._size(x),)
        yield from self.gamma_and_beta(shape)
        yield self.weight("moving_mean", shape, self.moving_mean_initializer, trainable=False)
        yield self.weight("moving_variance", shape, self.moving_variance_initializer, trainable=False)
        if self.renorm:
            yield self.weight("moving_stddev", shape, self._initial_deviation(), trainable=False)
            yield self.weight("renorm_mean", shape, self.moving_mean_initializer, trainable=False)
            yield self.weight("renorm_stddev", shape, self._initial_deviation(), trainable=False)

    def _initial_deviation(self) -> Configuration:
        """The root of what the moving variance starts from."""
        initial = self.moving_variance_initializer
        if isinstance(initial, (Ones, Zeros)):
            return initial
        if isinstance(initial, Constant) and isinstance(initial.value, (int, float)) and initial.value >= 0:
            return Constant({"value": sqrt(initial.value)})
        message = "with renorm the moving variance must start from a constant that is not negative"
        raise OpError("invalid-argument", message, at="moving_variance_initializer")

    def elementwise(self, x: TensorType, y: TensorType, mask: TensorType | None = None) -> Dim:
        return x.size * (2 + self.scale + self.center)


class LayerNormalization(Rescaled):
    """y = gamma (x - μ) / √(σ² + ε) + beta with mean μ and variance σ² over `axis` of each example; x: (N, ..., d) →
    y: (N, ..., d), gamma, beta: the sizes of `axis` (Ba et al. 2016, arXiv:1607.06450)."""

    axis: int | Ints = -1
    order = ("axis",)

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        if not normal_axes(self.axis, x.rank):
            raise OpError("invalid-argument", "layer_normalization needs an axis", at="axis")
        if self.is_learnt:
            self._shape(x)
        return x.with_dtype(self.compute_dtype)

    def _shape(self, x: TensorType) -> tuple[int, ...]:
        return _known_sizes(self.axis, x)

    def weights(self, x: TensorType) -> Iterable[Weight]:
        return self.gamma_and_beta(self._shape(x)) if self.is_learnt else ()

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * (5 + self.scale + self.center)


class GroupNormalization(Rescaled):
    """y = gamma (x - μ) / √(σ² + ε) + beta with mean μ and variance σ² of each example over a group of channels and all
    other axes; groups -1: a group for each channel; x: (N, ..., c) → y: (N, ..., c), gamma, beta: (c,)
    (Wu & He 2018, arXiv:1803.08494)."""

    groups: int = 32
    axis: int = -1
    order = ("groups", "axis")

    def validate(self) -> None:
        if self.groups < 1 and self.groups != -1:
            raise OpError("invalid-argument", f"groups must be positive, or -1, found {self.groups}", at="groups")

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        if self.axis == -x.rank:  # axis 0 runs, but Keras does not find it from the end
            message = f"axis {self.axis} of a tensor of rank {x.rank} is the batch"
            raise OpError("invalid-argument", message, at="axis", label=f"the tensor is {x}")
        channels = self._channels(x)
        groups = channels if self.groups == -1 else self.groups
        if channels % groups:
            message = f"{channels} channels cannot be split into {groups} groups of equal size"
            raise OpError("shape-mismatch", message, at="groups", label=f"does not divide {channels}")
        return x.with_dtype(self.compute_dtype)

    def _channels(self, x: TensorType) -> int:
        return known_size(x.shape[normal_axis(self.axis, x.rank)], f"the size of axis {self.axis}")

    def weights(self, x: TensorType) -> Iterable[Weight]:
        return self.gamma_and_beta((self._channels(x),))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * (5 + self.scale + self.center)


class RMSNormalization(Layer):
    """y = scale · x / √(mean(x²) + ε), the mean over `axis`; x: (N, ..., d) → y: (N, ..., d), scale: the sizes of
    `axis` (Zhang & Sennrich 2019, arXiv:1910.07467). Keras aligns scale with the last axes, so these must be `axis`."""

    axis: int | Ints = -1
    epsilon: float = 1e-6

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        shape = _known_sizes(self.axis, x)
        if not broadcasts_to(shape, x.shape):
            message = f"scale, of the shape {show(shape)} of axis {self.axis}, does not broadcast to {show(x.shape)}"
            help = "normalize the last axis, or the last axes together"
            raise OpError("shape-mismatch", message, at="axis", help=help)
        return x

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.weight("scale", _known_sizes(self.axis, x), "ones")

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 4 * x.size


class UnitNormalization(Layer):
    """y = x / max(‖x‖₂, 1e-12), the norm along `axis`; x: (N, ..., d) → y: (N, ..., d)."""

    axis: int | Ints = -1

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        normal_axes(self.axis, x.rank)
        return x

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 3 * x.size


def _known_sizes(axis: int | tuple[int, ...], x: TensorType) -> tuple[int, ...]:
    """The sizes of the axes, in the order in which Keras sorts them as they are given."""
    normal_axes(axis, x.rank)
    axes = sorted(axis) if isinstance(axis, tuple) else [axis]
    return tuple(known_size(x.shape[item], f"the size of axis {item}") for item in axes)
