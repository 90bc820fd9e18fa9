"""Owns the convolutions that treat each channel alone: depthwise_conv1d and 2d, separable_conv1d and 2d."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.configuration import Constraint, Initializer, Regularizer
from netwright.compiler.ops.convolution import DEFAULT_INITIALIZER, KernelLayer
from netwright.compiler.ops.op import Weight, known_size
from netwright.compiler.types import TensorType


class ChannelwiseConvolution(KernelLayer, abstract=True):
    """What depthwise and separable convolutions share: `depth_multiplier` filters of its own for every channel."""

    depth_multiplier: int = attr(positive, default=1)
    depthwise_initializer: Initializer | None = "glorot_uniform"
    depthwise_regularizer: Regularizer | None = None
    depthwise_constraint: Constraint | None = None

    def validate(self) -> None:
        """Strides and dilation may both be above 1 here: Keras dilates first and then takes every s-th element."""

    def depthwise_channels(self, x: TensorType) -> int:
        """The channels after the depthwise step: c m."""
        return known_size(self.channels(x), "the number of channels") * self.depth_multiplier

    def depthwise_kernel(self, name: str, x: TensorType) -> Weight:
        """The kernel of the depthwise step, (*kernel_size, c, m)."""
        shape = (*self.kernel_size, known_size(self.channels(x), "the number of channels"), self.depth_multiplier)
        return Weight(name, shape, self.depthwise_initializer or DEFAULT_INITIALIZER, dtype=self.compute_dtype)


class DepthwiseConvolution(ChannelwiseConvolution, abstract=True):
    """Each channel convolved with `depth_multiplier` filters of its own, nothing summed over channels:
    x: (N, *L, c) → (N, *L', c m), K: (*kernel_size, c, m)."""

    order = (
        *("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate"),
        *("activation", "use_bias", "depthwise_initializer", "bias_initializer", "depthwise_regularizer"),
        *("bias_regularizer", "activity_regularizer", "depthwise_constraint", "bias_constraint"),
    )

    def infer(self, x: TensorType) -> TensorType:
        self.expect_operand(x)
        return self.with_layout(x, self.output_lengths(x), self.depthwise_channels(x))

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.depthwise_kernel("kernel", x)
        yield from self.bias(self.depthwise_channels(x))

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * prod(self.kernel_size)


class DepthwiseConv1D(DepthwiseConvolution):
    """y[n, t, c m + q] = activation(Σ_k x[n, s t + d k, c] K[k, c, q] + b[c m + q]); x: (N, T, c) → (N, T', c m)."""

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """depthwise_conv1d over two dims; x: (N, H, W, c) → (N, H', W', c m). Howard et al. 2017, arXiv:1704.04861."""

    rank = 2


class SeparableConvolution(ChannelwiseConvolution, abstract=True):
    """A depthwise convolution, then one of kernel 1 over all its channels, with no activation between:
    x: (N, *L, c) → (N, *L', filters), D: (*kernel_size, c, m), P: (1, ..., c m, filters)."""

    filters: int = attr(positive)
    pointwise_initializer: Initializer | None = "glorot_uniform"
    pointwise_regularizer: Regularizer | None = None
    pointwise_constraint: Constraint | None = None
    order = (
        *("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier"),
        *("activation", "use_bias", "depthwise_initializer", "pointwise_initializer", "bias_initializer"),
        *("depthwise_regularizer", "pointwise_regularizer", "bias_regularizer", "activity_regularizer"),
        *("depthwise_constraint", "pointwise_constraint", "bias_constraint"),
    )

    def infer(self, x: TensorType) -> TensorType:
        self.expect_operand(x)
        return self.with_layout(x, self.output_lengths(x), self.filters)

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.depthwise_kernel("depthwise_kernel", x)
        shape = (*(1,) * self.rank, self.depthwise_channels(x), self.filters)
        initializer = self.pointwise_initializer or DEFAULT_INITIALIZER
        yield Weight("pointwise_kernel", shape, initializer, dtype=self.compute_dtype)
        yield from self.bias(self.filters)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        between = self.with_layout(y, self.spatial(y), self.depthwise_channels(x))
        return between.size * prod(self.kernel_size) + y.size * self.depthwise_channels(x)


class SeparableConv1D(SeparableConvolution):
    """A depthwise_conv1d and a pointwise conv1d; x: (N, T, c) → (N, T', filters)."""

    rank = 1
    aliases = ("separable_convolution1d",)


class SeparableConv2D(SeparableConvolution):
    """A depthwise_conv2d and a pointwise conv2d; x: (N, H, W, c) → (N, H', W', filters). Chollet 2017,
    arXiv:1610.02357."""

    rank = 2
    aliases = ("separable_convolution2d",)
