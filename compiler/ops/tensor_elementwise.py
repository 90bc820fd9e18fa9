"""Owns the functions of keras.ops that map each element of one tensor: x: (...) → y: (...). Those of angles are in
`tensor_trigonometry.py`, those of several tensors in `tensor_binary.py`.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Function, OpError
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers, float_dtype
from netwright.compiler.types import TensorType


class Elementwise(Function, abstract=True):
    """y_i = f(x_i), of x's dtype."""

    #: bool operands are refused
    arithmetic: ClassVar[bool] = False

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_dtype(x, not (self.arithmetic and x.dtype == "bool"), "numbers")
        return x.with_dtype(self.result_dtype(x))

    def result_dtype(self, x: TensorType) -> str:
        return x.dtype

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size


class FloatValued(Elementwise, abstract=True):
    """y_i = f(x_i); integers and booleans become f32."""

    def result_dtype(self, x: TensorType) -> str:
        return x.dtype if x.is_float else common_dtype(x, "float")


class FloatOnly(Elementwise, abstract=True):
    """y_i = f(x_i) of floats."""

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float, "floats")
        return x.dtype


class Predicate(Elementwise, abstract=True):
    """y_i is whether something holds for x_i; y is bool."""

    def result_dtype(self, x: TensorType) -> str:
        return "bool"


# ---------------------------------------------------------------- powers, exponentials, logarithms


class Square(Elementwise):
    """y = x²; booleans become i32."""

    def result_dtype(self, x: TensorType) -> str:
        return "i32" if x.dtype == "bool" else x.dtype


class Sqrt(FloatValued):
    """y = √x."""


class Rsqrt(FloatOnly):
    """y = 1 / √x."""


class Reciprocal(FloatOnly):
    """y = 1 / x."""


class Cbrt(FloatValued):
    """y = ∛x."""


class Exp(FloatValued):
    """y = eˣ."""


class Exp2(FloatValued):
    """y = 2ˣ, of f32 or what becomes f32: TensorFlow's backend compiles no other."""

    def result_dtype(self, x: TensorType) -> str:
        if x.is_float and x.dtype != "f32":
            help = "cast the tensor to f32 first"
            raise OpError("dtype-mismatch", f"expected f32, found {x.dtype}", at=0, label=f"this is {x}", help=help)
        return "f32"


class Expm1(FloatValued):
    """y = eˣ - 1, exact near 0."""


class Log(FloatValued):
    """y = ln x."""


class Log2(FloatValued):
    """y = log₂ x."""


class Log10(FloatValued):
    """y = log₁₀ x."""


class Log1p(FloatValued):
    """y = ln(1 + x), exact near 0."""


class Erf(FloatOnly):
    """y = 2/√π ∫₀ˣ exp(-t²) dt."""


class Erfc(FloatOnly):
    """y = 1 - erf(x)."""


class Erfinv(FloatOnly):
    """erf(y) = x."""


class I0(Elementwise):
    """y = Σ (x/2)²ᵏ / k!², the modified Bessel function of order 0. XLA compiles it on JAX alone."""

    not_run_on = ("tensorflow",)

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.dtype != "bf16", "f16, f32 or f64")
        return float_dtype(x)


# ---------------------------------------------------------------- signs, rounding


class Abs(Elementwise):
    """y = |x|."""

    aliases = ("absolute",)


class Fabs(FloatValued):
    """y = |x|, as a float."""


class Negative(Elementwise):
    """y = -x, of signed numbers."""

    arithmetic = True

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, not x.dtype.startswith("u"), "signed numbers")
        return x.dtype


class Sign(Elementwise):
    """y = -1, 0 or 1 as x is."""

    arithmetic = True


class Floor(FloatValued):
    """y = ⌊x⌋, as a float."""


class Ceil(FloatValued):
    """y = ⌈x⌉, as a float."""


class Round(Elementwise):
    """y = x rounded half to even at `decimals` digits."""

    arithmetic = True
    decimals: int = 0


class Trunc(Elementwise):
    """y = x without its fraction."""


# ---------------------------------------------------------------- predicates


class Isnan(Predicate):
    """y = whether x is not a number."""


class Isinf(Predicate):
    """y = whether x is infinite."""


class Isfinite(Predicate):
    """y = whether x is a finite number."""


class Isposinf(Predicate):
    """y = whether x is +∞."""


class Isneginf(Predicate):
    """y = whether x is -∞."""


class Signbit(Predicate):
    """y = whether x is negative, -0.0 too."""


class LogicalNot(Predicate):
    """y = whether x is 0 or false."""


# ---------------------------------------------------------------- dtypes and bounds


class Cast(Elementwise):
    """y = x as `dtype`."""

    dtype: DType

    def result_dtype(self, x: TensorType) -> str:
        if self.dtype == "str":
            raise OpError("dtype-mismatch", "numbers cannot be cast to str", at="dtype")
        return self.dtype

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class SaturateCast(Cast):
    """y = x as `dtype`, its least or greatest number for what lies beyond."""

    def result_dtype(self, x: TensorType) -> str:
        if "u64" in {x.dtype, self.dtype}:
            raise OpError("dtype-mismatch", "TensorFlow's backend has no bounds for u64", at="dtype")
        return super().result_dtype(x)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 2 * tensors[-1].size


class Clip(Elementwise):
    """y = min(max(x, x_min), x_max); booleans become i32."""

    x_min: float
    x_max: float

    def validate(self) -> None:
        if self.x_min > self.x_max:
            raise OpError("invalid-argument", f"x_min is {self.x_min}, above x_max, {self.x_max}", at="x_min")

    def result_dtype(self, x: TensorType) -> str:
        for name in ("x_min", "x_max"):
            if isinstance(getattr(self, name), float) and not is_float(x.dtype):
                message = f"a bound for {x.dtype} is an integer, found {getattr(self, name)}"
                help = "cast the tensor to f32 first"
                raise OpError("dtype-mismatch", message, at=name, label=f"this clips {x}", help=help)
        return "i32" if x.dtype == "bool" else x.dtype

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 2 * tensors[-1].size


class NanToNum(Elementwise):
    """y = x, with numbers for what is none: `nan` for NaN, `posinf` and `neginf` for ±∞ (none: the largest finite)."""

    nan: float = 0.0
    posinf: float | None = None
    neginf: float | None = None


class Copy(Elementwise):
    """y = x."""

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class StopGradient(Copy):
    """y = x, through which no gradient flows."""

    operands = ("variable",)
