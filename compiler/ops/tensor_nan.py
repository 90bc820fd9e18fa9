"""Owns the functions of keras.ops that reduce or accumulate along axes as if what is no number were not there. Those
that count it are in `tensor_reduction.py`."""

from __future__ import annotations

from netwright.compiler.ops.op import OpError
from netwright.compiler.ops.tensor_reduction import (
    WIDER,
    ArgExtremum,
    Cumprod,
    Cumsum,
    FloatReduction,
    Median,
    Reduction,
)
from netwright.compiler.ops.tensor_rules import expect_dtype
from netwright.compiler.types import TensorType


class Nansum(Reduction):
    """y = Σ x over the numbers in x; small integers are summed in 32 bits."""

    def result_dtype(self, x: TensorType) -> str:
        return WIDER.get(x.dtype, x.dtype)


class Nanprod(Nansum):
    """y = Π x over the numbers in x; small integers are multiplied in 32 bits."""


class NanMoment(FloatReduction, abstract=True):
    """y = f over the numbers in x along `axis`; integers and booleans become f32."""

    def validate(self) -> None:
        if self.axis == ():
            raise OpError("invalid-argument", "no axis is named", at="axis", help="leave axis out for the whole tensor")


class Nanmean(NanMoment):
    """y = Σ x / n over the n numbers in x."""

    cost = 2


class Nanvar(NanMoment):
    """y = Σ (x - mean x)² / n over the n numbers in x."""

    cost = 5


class Nanstd(Nanvar):
    """y = √(Σ (x - mean x)² / n) over the n numbers in x."""


class Nanmedian(Median):
    """y = the middle of the sorted numbers in x, or the mean of the middle two. XLA compiles it on JAX alone."""

    not_run_on = ("tensorflow",)

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float, "floats")
        return x.dtype


class Nanmax(Reduction):
    """y = the greatest number in x."""


class Nanmin(Reduction):
    """y = the least number in x."""


class Nanargmax(ArgExtremum):
    """y = the index of the greatest number in x, and -1 where there is none."""


class Nanargmin(ArgExtremum):
    """y = the index of the least number in x, and -1 where there is none."""


class Nancumsum(Cumsum):
    """y_i = x_0 + ... + x_i, where what is no number counts as 0."""


class Nancumprod(Cumprod):
    """y_i = x_0 · ... · x_i, where what is no number counts as 1."""
