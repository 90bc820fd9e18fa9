"""Owns the transposed convolutions, conv1d_transpose, conv2d_transpose and conv3d_transpose: the gradients of
convolutions, which make a tensor larger."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netwright.compiler.convolution_arithmetic import conv_transpose_output_length, effective_kernel
from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Spatial, attr, not_negative, positive
from netwright.compiler.ops.configuration import Constraint, Initializer, Regularizer
from netwright.compiler.ops.convolution import DEFAULT_INITIALIZER, KernelLayer
from netwright.compiler.ops.op import OpError, Weight, known_size
from netwright.compiler.types import TensorType


class TransposedConvolution(KernelLayer, abstract=True):
    """y = activation(x ∗ᵀ K + b): x: (N, *L, c) → y: (N, *L', filters), K: (*kernel_size, filters, c).

    L' = (L - 1) s + max(k, s) for padding=valid, L s for same. Zeiler et al. 2010, "Deconvolutional networks"; Dumoulin
    and Visin 2016, arXiv:1603.07285."""

    filters: int = attr(positive)
    output_padding: Spatial | None = attr(not_negative, default=None)
    kernel_initializer: Initializer | None = "glorot_uniform"
    kernel_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    order = (
        *("filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate"),
        *("activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer"),
        *("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"),
    )

    def validate(self) -> None:
        super().validate()
        for extra, stride in zip(self.output_padding or (), self.strides, strict=False):
            if extra >= stride:
                message = f"output_padding must be less than the stride, found {extra} for stride {stride}"
                raise OpError("invalid-argument", message, at="output_padding")

    def infer(self, x: TensorType) -> TensorType:
        self.expect_operand(x)
        lengths = self.output_lengths(x)
        if 0 not in lengths:  # of an empty result nothing is computed
            self._expect_inverse()
        return self.with_layout(x, lengths, self.filters)

    def _expect_inverse(self) -> None:
        """A convolution must lead back from the output's length to the input's. With padding=same, an even kernel and
        output_padding=0 it does not: L' = (L - 1) s, whose convolution gives L - 1. TensorFlow refuses to run it."""
        spans = map(effective_kernel, self.kernel_size, self.dilation_rate)
        even = [span for span, extra in zip(spans, self.output_padding or (), strict=False) if span % 2 + extra == 0]
        if self.padding == "same" and even:
            raise OpError(
                "invalid-argument",
                f"with padding=same, output_padding=0 and an even kernel ({even[0]}) this is the transpose of no "
                "convolution; TensorFlow does not run it",
                at="output_padding",
                help="leave output_padding out, or use an odd kernel",
            )

    def _output_length(self, axis: int, length: Dim) -> Dim:
        return conv_transpose_output_length(
            length,
            self.kernel_size[axis],
            self.strides[axis],
            self.padding,
            None if self.output_padding is None else self.output_padding[axis],
            self.dilation_rate[axis],
        )

    def weights(self, x: TensorType) -> Iterable[Weight]:
        shape = (*self.kernel_size, self.filters, known_size(self.channels(x), "the number of channels"))
        yield Weight("kernel", shape, self.kernel_initializer or DEFAULT_INITIALIZER, dtype=self.compute_dtype)
        yield from self.bias(self.filters)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        """Every input element meets every weight of its channel."""
        return x.size * prod(self.kernel_size) * self.filters


class Conv1DTranspose(TransposedConvolution):
    """The transpose of conv1d; x: (N, T, c) → (N, T', filters)."""

    rank = 1
    aliases = ("convolution1d_transpose",)


class Conv2DTranspose(TransposedConvolution):
    """The transpose of conv2d, also called deconvolution; x: (N, H, W, c) → (N, H', W', filters)."""

    rank = 2
    aliases = ("convolution2d_transpose",)


class Conv3DTranspose(TransposedConvolution):
    """The transpose of conv3d; x: (N, D, H, W, c) → (N, D', H', W', filters). In Keras alone of the three it takes
    data_format before output_padding."""

    rank = 3
    order = (*TransposedConvolution.order[:4], "data_format", "output_padding", *TransposedConvolution.order[6:])
    aliases = ("convolution3d_transpose",)
