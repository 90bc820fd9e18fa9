"""Owns the functions of keras.ops of angles, and their hyperbolic kin: x: (...) → y: (...)."""

from __future__ import annotations

from netwright.compiler.ops.tensor_elementwise import FloatValued


class Deg2rad(FloatValued):
    """y = π x / 180."""


class Rad2deg(FloatValued):
    """y = 180 x / π."""


class Sinc(FloatValued):
    """y = sin(π x) / (π x), and 1 where x is 0."""


class Sin(FloatValued):
    """y = sin x."""


class Cos(FloatValued):
    """y = cos x."""


class Tan(FloatValued):
    """y = tan x."""


class Arcsin(FloatValued):
    """sin y = x."""


class Arccos(FloatValued):
    """cos y = x."""


class Arctan(FloatValued):
    """tan y = x."""


class Sinh(FloatValued):
    """y = (eˣ - e⁻ˣ) / 2."""


class Cosh(FloatValued):
    """y = (eˣ + e⁻ˣ) / 2."""


class Tanh(FloatValued):
    """y = (eˣ - e⁻ˣ) / (eˣ + e⁻ˣ). The bare name is the activation."""

    name_in_flow = "ops.tanh"


class Arcsinh(FloatValued):
    """sinh y = x."""


class Arccosh(FloatValued):
    """cosh y = x."""


class Arctanh(FloatValued):
    """tanh y = x."""
