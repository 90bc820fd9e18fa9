"""Owns the functions of keras.ops that describe the values along axes: quantiles, spread, weighted means.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Floats, attr, between, one_of
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, normal_axis
from netwright.compiler.ops.tensor_reduction import FloatReduction, Reduction
from netwright.compiler.ops.tensor_rules import (
    common_dtype,
    expect_dtype,
    expect_equal,
    expect_numbers,
    expect_tensors,
    show,
)
from netwright.compiler.types import Shape, TensorType


class Fractions(FloatReduction, abstract=True):
    """y = the value below which a part `q` of x lies; q: one number, or k of them → y: (k, ...)."""

    q: float | Floats
    order: ClassVar[tuple[str, ...]] = ("q",)

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        if self.axis == ():
            raise OpError("invalid-argument", "no axis is named", at="axis", help="leave axis out for the whole tensor")
        y = super().infer(x)
        if not isinstance(self.q, tuple):
            return y
        if not self.q:
            raise OpError("invalid-argument", "expected numbers, found an empty list", at="q")
        return y.with_shape(len(self.q), *y.shape)

    def elementwise(self, *tensors: TensorType) -> None:
        """What sorting costs is not known."""


def _fraction(value: Any) -> str | None:
    """Every number is a float from 0 to 1; JAX takes no integers."""
    numbers = value if isinstance(value, tuple) else (value,)
    fits = all(isinstance(number, float) and 0 <= number <= 1 for number in numbers)
    return None if fits else "floats from 0.0 to 1.0"


_METHODS = one_of("linear", "lower", "higher", "midpoint", "nearest")


class Quantile(Fractions):
    """y = the value below which a part `q`, from 0 to 1, of x lies; q: one number, or k of them → y: (k, ...)."""

    q: float | Floats = attr(_fraction)
    excluded: ClassVar[dict[str, str]] = {"method": "models that Keras 3.15.1 builds of it ignore it; see percentile"}

    def works_symbolically(self, *operands: TensorType, **tensors: TensorType) -> bool:
        """Of a list of one Keras infers another shape than it computes; one axis it gives to JAX as a list."""
        one_in_a_list = isinstance(self.q, tuple) and len(self.q) == 1
        return not one_in_a_list and not isinstance(self.axis, int)


class Percentile(Fractions):
    """y = the value below which `q` percent of x lie; q: one number, or k of them → y: (k, ...)."""

    order = ("q", "axis", "method")
    q: float | Floats = attr(between(0, 100))
    method: str = attr(_METHODS, default="linear")


class Nanquantile(Fractions):
    """y = the value below which a part `q`, from 0 to 1, of the numbers in x lies; q: one number, or k of them
    → y: (k, ...). XLA compiles it on JAX alone."""

    order = ("q", "axis", "method")
    q: float | Floats = attr(_fraction)
    method: str = attr(_METHODS, default="linear")
    not_run_on = ("tensorflow",)

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        if isinstance(self.q, tuple) and len(self.q) == 1:  # the shape that Keras infers has no axis for them
            raise OpError("invalid-argument", "expected a number or a list of several, found a list of one", at="q")
        return super().infer(x)


class Nanpercentile(Nanquantile):
    """y = the value below which `q` percent of the numbers in x lie; q: one number, or k of them → y: (k, ...).
    XLA compiles it on JAX alone."""

    q: float | Floats = attr(between(0, 100))


class Ptp(Reduction):
    """y = max x - min x."""

    cost = 2

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.dtype != "bool", "numbers")
        return x.dtype


class Average(Function):
    """y = Σ w x / Σ w over one axis or all, w = 1 without weights; weights: x's shape, or (d,) of the axis. The bare
    name is the layer."""

    name_in_flow = "ops.average"
    operands = ("x", "weights")
    optional_operands = ("weights",)
    convention = "named"
    axis: int | None = None

    def infer(self, x: TensorType, weights: TensorType | None = None) -> TensorType:
        expect_numbers(x)
        axis = None if self.axis is None else normal_axis(self.axis, x.rank)
        shape = () if axis is None else (*x.shape[:axis], *x.shape[axis + 1 :])
        if weights is None:
            return TensorType(common_dtype(x, "float"), shape)
        expect_tensors(x, weights)
        _check_weights(weights, x.shape if axis is None or weights.rank == x.rank else x.shape[axis : axis + 1])
        return TensorType(common_dtype(x, weights, "float"), shape)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size * (len(tensors) - 1)


def _check_weights(weights: TensorType, wanted: Shape) -> None:
    """The weights have the wanted shape."""
    if weights.rank != len(wanted):
        message = f"expected weights {show(wanted)}, found {show(weights.shape)}"
        raise OpError("rank-mismatch", message, at=1, label=f"this is {weights}")
    for one, other in zip(wanted, weights.shape, strict=True):
        expect_equal(one, other, f"the sizes of {show(wanted)} and weights {show(weights.shape)}", at=1)
