"""Owns the functions of keras.ops that reduce or accumulate along axes. `axis`: one axis, several, or none for all;
`keepdims` keeps the reduced axes with size 1.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.attributes import Ints, attr
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Function, OpError, expect_min_rank
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers, normal_axes
from netwright.compiler.types import Shape, TensorType

#: small integers are summed as 32-bit ones
WIDER = {"bool": "i32", "i8": "i32", "i16": "i32", "u8": "u32", "u16": "u32"}


def reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Shape:
    """The shape without the axes (counted from 0), or with size 1 there."""
    if keepdims:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def floating(x: TensorType) -> str:
    """x's dtype if it is a float, else f32."""
    return x.dtype if x.is_float else common_dtype(x, "float")


class Reduction(Function, abstract=True):
    """y = f over `axis` of x, of x's dtype; x: (..., d, ...) → y: (..., ...)."""

    axis: int | Ints | None = None
    keepdims: bool = False
    #: floating-point operations an element
    cost: ClassVar[int] = 1

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        axes = normal_axes(self.axis, x.rank)
        return TensorType(self.result_dtype(x), reduced(x.shape, axes, self.keepdims))

    def result_dtype(self, x: TensorType) -> str:
        return x.dtype

    def elementwise(self, *tensors: TensorType) -> Dim | None:
        return self.cost * tensors[0].size


class FloatReduction(Reduction, abstract=True):
    """y = f over `axis` of x; integers and booleans become f32."""

    def result_dtype(self, x: TensorType) -> str:
        return floating(x)


class Mean(FloatReduction):
    """y = Σ x / n."""

    gradient_reads = ()


class Var(FloatReduction):
    """y = Σ (x - mean x)² / n."""

    cost = 4


class Std(FloatReduction):
    """y = √(Σ (x - mean x)² / n)."""

    cost = 4


class Median(FloatReduction):
    """y = the middle of the sorted x, or the mean of the middle two."""

    def validate(self) -> None:
        if self.axis == ():
            raise OpError("invalid-argument", "no axis is named", at="axis", help="leave axis out for the whole tensor")

    def infer(self, x: TensorType) -> TensorType:
        expect_min_rank(x, 1)
        return super().infer(x)

    def elementwise(self, *tensors: TensorType) -> None:
        """What sorting costs is not known."""


class Logsumexp(Reduction):
    """y = ln Σ exp x, of floats."""

    cost = 2

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float, "floats")
        return x.dtype


class Sum(Reduction):
    """y = Σ x; small integers are summed in 32 bits."""

    gradient_reads = ()

    def result_dtype(self, x: TensorType) -> str:
        return WIDER.get(x.dtype, x.dtype)


class Prod(Reduction):
    """y = Π x; small integers are multiplied in 32 bits."""

    excluded: ClassVar[dict[str, str]] = {"dtype": "TensorFlow's backend ignores it; write `-> cast(...)`"}

    def result_dtype(self, x: TensorType) -> str:
        return WIDER.get(x.dtype, x.dtype)


class Extremum(Reduction, abstract=True):
    """y = the greatest or least x, and `initial` where it is given."""

    initial: float | None = None

    def result_dtype(self, x: TensorType) -> str:
        if isinstance(self.initial, float) and not is_float(x.dtype):
            message = f"initial must be an integer for {x.dtype}, found {self.initial}"
            raise OpError("dtype-mismatch", message, at="initial")
        return x.dtype


class Max(Extremum):
    """y = max x."""

    aliases = ("amax",)


class Min(Extremum):
    """y = min x."""

    aliases = ("amin",)


class AnyTrue(Reduction):
    """y = whether some x is true or not 0."""

    name_in_flow = "any"

    def result_dtype(self, x: TensorType) -> str:
        return "bool"


class AllTrue(Reduction):
    """y = whether every x is true or not 0."""

    name_in_flow = "all"

    def result_dtype(self, x: TensorType) -> str:
        return "bool"


class CountNonzero(Function):
    """y = the number of x that are not 0, an i32."""

    axis: int | Ints | None = None

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        return TensorType("i32", reduced(x.shape, normal_axes(self.axis, x.rank), keepdims=False))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


class Norm(Function):
    """y = (Σ |x|ᵖ)^(1/p) over one axis with p = `ord`, or a matrix norm over two; none: of the whole tensor."""

    ord: float | str | None = None
    axis: int | Ints | None = None
    keepdims: bool = False

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        axes = normal_axes(self.axis, x.rank)
        if len(axes) not in (1, 2):
            message = f"a norm is taken over one axis or two, found {len(axes)}"
            raise OpError("rank-mismatch", message, at=None if self.axis is None else "axis", help="give axis")
        self._check_ord(len(axes))
        return TensorType(floating(x), reduced(x.shape, axes, self.keepdims))

    def _check_ord(self, axes: int) -> None:
        of_matrix = (None, "fro", "nuc", 1, -1, 2, -2)
        if (axes == 2 and self.ord not in of_matrix) or (axes == 1 and isinstance(self.ord, str)):
            wanted = "one of fro, nuc, 1, -1, 2, -2" if axes == 2 else "a number"
            raise OpError("invalid-argument", f"over {axes} axes, ord is {wanted}; found {self.ord}", at="ord")

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 2 * tensors[0].size

    def works_symbolically(self, x: TensorType) -> bool:
        return not isinstance(self.axis, int)  # one axis Keras gives to JAX as a list


class ArgExtremum(Function, abstract=True):
    """y = the index of an extremum along `axis`, an i32; none: in the flattened x."""

    axis: int | None = None
    keepdims: bool = False

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        return TensorType("i32", reduced(x.shape, normal_axes(self.axis, x.rank), self.keepdims))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


class Argmax(ArgExtremum):
    """y = argmax x."""


class Argmin(ArgExtremum):
    """y = argmin x."""


class Accumulation(Function, abstract=True):
    """y_i = f(x_0, ..., x_i) along `axis`; x: s → y: s, or (size of s,) without axis. Booleans become i32."""

    axis: int | None = None
    dtype: DType | None = attr(default=None)

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        if self.dtype in ("bool", "str"):
            raise OpError("dtype-mismatch", f"expected a number type, found {self.dtype}", at="dtype")
        dtype = self.dtype or ("i32" if x.dtype == "bool" else x.dtype)
        if self.axis is None:
            return TensorType(dtype, (x.size,))
        normal_axes(self.axis, x.rank)
        return x.with_dtype(dtype)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


class Cumsum(Accumulation):
    """y_i = x_0 + ... + x_i."""


class Cumprod(Accumulation):
    """y_i = x_0 · ... · x_i."""
