"""Owns the functions of keras.ops that combine elements of several tensors by broadcasting: arithmetic, comparison,
logic, choice. Those that a merging layer hides under the same name are known as `ops.<name>` alone.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.op import Function, OpError
from netwright.compiler.ops.tensor_rules import (
    agreed_dtype,
    broadcast,
    common_dtype,
    expect_dtype,
    expect_numbers,
    expect_tensors,
    float_dtype,
    product,
)
from netwright.compiler.types import TensorType


class Binary(Function, abstract=True):
    """y = f(x1, x2) of the common dtype; x1, x2: broadcastable → y: their common shape."""

    operands = ("x1", "x2")
    #: two bool operands are refused
    arithmetic: ClassVar[bool] = False

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        if self.arithmetic and x1.dtype == x2.dtype == "bool":
            help = "use logical_and, logical_or, logical_xor, or cast to a number type"
            raise OpError("dtype-mismatch", "booleans have no arithmetic", help=help)
        return TensorType(self.result_dtype(x1, x2), broadcast(x1.shape, x2.shape))

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return common_dtype(x1, x2)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size


class Arithmetic(Binary, abstract=True):
    """y = f(x1, x2); not of two bool tensors."""

    arithmetic = True


class FloatValued(Binary, abstract=True):
    """y = f(x1, x2); integers and booleans become f32."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return common_dtype(x1, x2, "float")


class FloatPair(Arithmetic, abstract=True):
    """y = f(x1, x2) of two tensors, not both bool; integers and booleans become f32."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        expect_tensors(x1, x2)
        return float_dtype(x1, x2)


class Comparison(Binary, abstract=True):
    """y is whether x1 and x2 stand in a relation; y is bool."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        common_dtype(x1, x2)
        return "bool"


class Ordering(Comparison, abstract=True):
    """y is whether x1 and x2 stand in an order; not of two bool tensors."""

    arithmetic = True


# ---------------------------------------------------------------- arithmetic


class Add(Arithmetic):
    """y = x1 + x2; flow writes `x1 + x2`."""

    gradient_reads = ()
    name_in_flow = "ops.add"


class Subtract(Arithmetic):
    """y = x1 - x2; flow writes `x1 - x2`."""

    gradient_reads = ()
    name_in_flow = "ops.subtract"


class Multiply(Arithmetic):
    """y = x1 · x2; flow writes `x1 * x2`."""

    name_in_flow = "ops.multiply"


class Divide(FloatValued):
    """y = x1 / x2; flow writes `x1 / x2`."""

    aliases = ("true_divide",)


class DivideNoNan(FloatValued):
    """y = x1 / x2, and 0 where x2 is 0."""


class FloorDivide(Arithmetic):
    """y = ⌊x1 / x2⌋; flow writes `x1 // x2`."""


class Mod(Arithmetic):
    """y = x1 - x2 ⌊x1 / x2⌋; flow writes `x1 % x2`."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return agreed_dtype(x1, x2)


class Fmod(Binary):
    """y = x1 - x2 · (x1 / x2 without its fraction), of x1's sign; booleans become i32."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return "i32" if x1.dtype == x2.dtype == "bool" else agreed_dtype(x1, x2)


class Power(Arithmetic):
    """y = x1 to the power of x2; flow writes `x1 ** x2`."""


class Maximum(Arithmetic):
    """y = max(x1, x2)."""

    name_in_flow = "ops.maximum"


class Minimum(Arithmetic):
    """y = min(x1, x2)."""

    name_in_flow = "ops.minimum"


class Fmax(Arithmetic):
    """y = max(x1, x2), and the other one where one is not a number."""


class Fmin(Arithmetic):
    """y = min(x1, x2), and the other one where one is not a number."""


class Heaviside(FloatPair):
    """y = 0 where x1 < 0, x2 where x1 = 0, 1 where x1 > 0."""


class Hypot(FloatPair):
    """y = √(x1² + x2²)."""


class Ldexp(FloatValued):
    """y = x1 · 2^x2 with integers x2."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        expect_dtype(x2, x2.is_integer, "integers", at=1)
        return super().result_dtype(x1, x2)


class Nextafter(Binary):
    """y = the number next to x1 on the way to x2. JAX has no gradient of it."""

    not_trained_on = ("jax",)

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return agreed_dtype(x1, x2, "float")


class Arctan2(Binary):
    """y = the angle of the point (x2, x1)."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        return common_dtype(x1.dtype, x2.dtype, "float")


class Logaddexp(Arctan2):
    """y = ln(exp x1 + exp x2)."""

    def works_symbolically(self, x1: TensorType, x2: TensorType) -> bool:
        return not (x1.weak or x2.weak)


class Logaddexp2(Logaddexp):
    """y = log₂(2^x1 + 2^x2)."""


# ---------------------------------------------------------------- comparison and logic


class Equal(Comparison):
    """y = whether x1 = x2; flow writes `x1 == x2`."""


class NotEqual(Comparison):
    """y = whether x1 ≠ x2; flow writes `x1 != x2`."""


class Greater(Ordering):
    """y = whether x1 > x2; flow writes `x1 > x2`."""


class GreaterEqual(Ordering):
    """y = whether x1 ≥ x2; flow writes `x1 >= x2`."""


class Less(Ordering):
    """y = whether x1 < x2; flow writes `x1 < x2`."""


class LessEqual(Ordering):
    """y = whether x1 ≤ x2; flow writes `x1 <= x2`."""


class Isclose(Comparison):
    """y = whether |x1 - x2| ≤ atol + rtol · |x2|, or both are not a number and `equal_nan`."""

    rtol: float = 1e-5
    atol: float = 1e-8
    equal_nan: bool = False

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 6 * tensors[-1].size


class Allclose(Isclose):
    """y = whether isclose holds everywhere; x1, x2: broadcastable → y: ()."""

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        return super().infer(x1, x2).with_shape()

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 7 * product(broadcast(tensors[0].shape, tensors[1].shape))


class LogicalAnd(Comparison):
    """y = whether both x1 and x2 are true or not 0."""


class LogicalOr(Comparison):
    """y = whether x1 or x2 is true or not 0."""


class LogicalXor(Comparison):
    """y = whether exactly one of x1 and x2 is true or not 0."""


# ---------------------------------------------------------------- choice


class Where(Function):
    """y = x1 where condition holds, else x2; all three broadcast."""

    operands = ("condition", "x1", "x2")

    def infer(self, condition: TensorType, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(condition, x1, x2)
        return TensorType(common_dtype(x1, x2), broadcast(condition.shape, x1.shape, x2.shape))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size
