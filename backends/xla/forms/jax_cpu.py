"""Owns the forms for JAX on the CPU: convolutions. Biases, activations and penalties are Keras's."""

from __future__ import annotations

from typing import Any

from keras import layers

from netwright.backends.xla.forms.jax_convolution import convolution
from netwright.compiler.ops.convolution import KernelLayer
from netwright.compiler.ops.op import Op, operators_in


class _Convolution:
    """With channels last and without groups."""

    def convolution_op(self: Any, inputs: Any, kernel: Any) -> Any:
        if not _is_covered(self):
            return super().convolution_op(inputs, kernel)  # type: ignore[misc]
        return convolution(inputs, kernel, self.strides, self.padding, self.dilation_rate)


class Conv1D(_Convolution, layers.Conv1D):
    def call(self, inputs: Any) -> Any:
        """Keras's calls `convolution_op` for two and three dims alone."""
        return layers.Conv2D.call(self, inputs) if _is_covered(self) else super().call(inputs)


class Conv2D(_Convolution, layers.Conv2D):
    pass


class Conv3D(_Convolution, layers.Conv3D):
    pass


def _is_covered(layer: Any) -> bool:
    """Whether the form is for a layer, or an operator, with these arguments."""
    return bool(layer.data_format != "channels_first" and layer.groups == 1)


FORMS = {"layers.Conv1D": Conv1D, "layers.Conv2D": Conv2D, "layers.Conv3D": Conv3D}


def runs_in_loops(op: Op) -> bool:
    """Whether an operator is as fast in a loop as outside: what convolves must be a form, and not be wrapped."""
    if op.keras in FORMS:
        return _is_covered(op)
    return not any(isinstance(inner, KernelLayer) for inner in operators_in(op))
