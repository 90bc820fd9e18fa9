"""Owns the functions of keras.ops of integers: their bits and their divisors. Of booleans see the logical functions in
`tensor_binary.py`.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.ops.op import OpError
from netwright.compiler.ops.tensor_binary import Binary
from netwright.compiler.ops.tensor_elementwise import Elementwise
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_tensors
from netwright.compiler.types import TensorType


def _is_whole(x: TensorType) -> bool:
    return x.is_integer or x.dtype == "bool"


class Integers(Binary, abstract=True):
    """y = f(x1, x2) of integers; one of them may be bool."""

    #: whether one may be a number, which for Keras has no dtype
    numbers: ClassVar[bool] = False

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        expect_dtype(x1, _is_whole(x1), "integers", at=0)
        expect_dtype(x2, _is_whole(x2), "integers", at=1)
        if not self.numbers:
            expect_tensors(x1, x2)
        if x1.dtype == "bool" and (x2.dtype == "bool" or x2.weak):
            help = "use logical_and, logical_or, logical_xor, or cast to an integer type"
            raise OpError("dtype-mismatch", "expected integers, found booleans", help=help)
        return common_dtype(x1, x2)


class Bits(Integers, abstract=True):
    """z = f(x, y) of the bits of integers."""

    operands = ("x", "y")

    def works_symbolically(self, x: TensorType, y: TensorType) -> bool:
        """Keras takes z to have x's shape."""
        pairs = zip(reversed(x.shape), reversed(y.shape), strict=False)
        return y.rank <= x.rank and all(other in (1, one) for one, other in pairs)


class BitwiseAnd(Bits):
    """z has the bits that both x and y have."""


class BitwiseOr(Bits):
    """z has the bits that x or y has."""


class BitwiseXor(Bits):
    """z has the bits that exactly one of x and y has."""


class BitwiseLeftShift(Bits):
    """z = x · 2^y, but for the bits that do not fit."""

    aliases = ("left_shift",)
    numbers = True


class BitwiseRightShift(Bits):
    """z = ⌊x / 2^y⌋."""

    aliases = ("right_shift",)
    numbers = True


class BitwiseInvert(Elementwise):
    """y has the bits that x has not: -x - 1 of signed numbers."""

    aliases = ("bitwise_not",)

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_integer, "integers")
        return x.dtype


class Gcd(Integers):
    """y = the greatest common divisor of x1 and x2."""


class Lcm(Integers):
    """y = the least common multiple of x1 and x2."""

    def result_dtype(self, x1: TensorType, x2: TensorType) -> str:
        expect_dtype(x1, x1.is_integer, "integers", at=0)
        expect_dtype(x2, x2.is_integer, "integers", at=1)
        return super().result_dtype(x1, x2)
