"""Owns the window functions of keras.ops, by which signals are weighed: y: (x,), f32."""

from __future__ import annotations

from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.tensor_creation import Creation
from netwright.compiler.types import TensorType


class Window(Creation, abstract=True):
    """y_i = f(i / (x - 1)); y: (x,)."""

    beforehand = True
    x: int = attr(positive)

    def infer(self) -> TensorType:
        return TensorType("f32", (self.x,))


class Bartlett(Window):
    """y_i = 1 - |2 i / (x - 1) - 1|; y: (x,)."""


class Blackman(Window):
    """y_i = 0.42 - 0.5 cos(2π i / (x - 1)) + 0.08 cos(4π i / (x - 1)); y: (x,)."""


class Hamming(Window):
    """y_i = 0.54 - 0.46 cos(2π i / (x - 1)); y: (x,)."""


class Hanning(Window):
    """y_i = 0.5 - 0.5 cos(2π i / (x - 1)); y: (x,)."""


class Kaiser(Window):
    """y_i = I₀(β √(1 - (2 i / (x - 1) - 1)²)) / I₀(β), β = `beta`; y: (x,)."""

    beta: float
