"""Owns the forms for JAX on the CPU: convolutions, depthwise ones too, and activations."""

from __future__ import annotations

from math import prod
from typing import Any

from keras import layers, ops

from netwright.backends.xla.forms import jax_activations
from netwright.backends.xla.forms.jax_convolution import convolution
from netwright.backends.xla.forms.jax_depthwise import depthwise_convolution
from netwright.compiler.ops.convolution import KernelLayer
from netwright.compiler.ops.op import Op, operators_in

#: entries of a depthwise kernel up to which it is laid out
_LAID_OUT = 49


class _Convolution:
    """With channels last and without groups."""

    @staticmethod
    def covers(layer: Any) -> bool:
        """Whether the form is for a layer, or an operator, with these arguments."""
        return bool(layer.data_format != "channels_first" and layer.groups == 1)

    def convolution_op(self: Any, inputs: Any, kernel: Any) -> Any:
        if not self.covers(self):
            return super().convolution_op(inputs, kernel)  # type: ignore[misc]
        return convolution(inputs, kernel, self.strides, self.padding, self.dilation_rate)


class Conv1D(_Convolution, layers.Conv1D):
    def call(self, inputs: Any) -> Any:
        """Keras's calls `convolution_op` for two and three dims alone."""
        return layers.Conv2D.call(self, inputs) if self.covers(self) else super().call(inputs)


class Conv2D(_Convolution, layers.Conv2D):
    pass


class Conv3D(_Convolution, layers.Conv3D):
    pass


class _DepthwiseConvolution:
    """With channels last, one filter for each channel, and kernels that are not large."""

    @staticmethod
    def covers(layer: Any) -> bool:
        """Whether the form is for a layer, or an operator, with these arguments."""
        small = prod(layer.kernel_size) <= _LAID_OUT
        return bool(layer.data_format != "channels_first" and layer.depth_multiplier == 1 and small)

    def call(self: Any, inputs: Any) -> Any:
        if not self.covers(self):
            return super().call(inputs)  # type: ignore[misc]
        y = depthwise_convolution(inputs, self.kernel, self.strides, self.padding, self.dilation_rate)
        if self.use_bias:
            y = ops.add(y, self.bias)
        return y if self.activation is None else self.activation(y)


class DepthwiseConv1D(_DepthwiseConvolution, layers.DepthwiseConv1D):
    pass


class DepthwiseConv2D(_DepthwiseConvolution, layers.DepthwiseConv2D):
    pass


_CONVOLUTIONS = {f"layers.{form.__name__}": form for form in (Conv1D, Conv2D, Conv3D, DepthwiseConv1D, DepthwiseConv2D)}
FORMS = {**_CONVOLUTIONS, **jax_activations.FORMS}


def runs_in_loops(op: Op) -> bool:
    """Whether an operator is as fast in a loop as outside: what convolves must have a form, and not be wrapped."""
    if op.keras in _CONVOLUTIONS:
        return _CONVOLUTIONS[op.keras].covers(op)
    return not any(isinstance(inner, KernelLayer) for inner in operators_in(op))
