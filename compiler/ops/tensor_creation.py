"""Owns the functions of keras.ops that make tensors: from nothing (`arange(10)` is a tensor where it stands), like
another tensor, or from indices. Sizes may be symbolic dims."""

from __future__ import annotations

from math import ceil
from typing import ClassVar

from netwright.compiler.dims import Dim, SymbolicDim, ceil_div, positive
from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.attributes import attr, positive as is_positive
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Function, OpError
from netwright.compiler.ops.tensor_rules import Dims, expect_dtype, expect_numbers
from netwright.compiler.types import TensorType


def expect_sizes(shape: Dims, at: str) -> Dims:
    """Every dim can be 1 or more."""
    for dim in shape:
        if positive(dim) is False:
            raise OpError("impossible-size", f"a size must be positive, found {dim}", at=at)
    return shape


class Creation(Function, abstract=True):
    """A tensor made from attributes alone."""

    operands = ()

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


# ---------------------------------------------------------------- from nothing


class Arange(Creation):
    """y = start, start + step, ... below stop; one number is the stop; y: (⌈(stop - start) / step⌉,)."""

    start: Dim | float
    stop: Dim | float | None = None
    step: Dim | float | None = None
    dtype: DType | None = None

    #: what TensorFlow's range does not make
    _refused: ClassVar[tuple[str, ...]] = ("bool", "u8", "u64", "f16", "bf16", "str")

    def validate(self) -> None:
        if self.step == 0:
            raise OpError("invalid-argument", "the step must not be 0", at="step")
        if self.dtype in self._refused:
            raise OpError("dtype-mismatch", f"arange makes no {self.dtype}", at="dtype", help="make an i32 and cast it")

    def infer(self) -> TensorType:
        start, stop = (0, self.start) if self.stop is None else (self.start, self.stop)
        step = 1 if self.step is None else self.step
        floats = any(isinstance(number, float) for number in (start, stop, step))
        if floats and any(isinstance(number, SymbolicDim) for number in (start, stop, step)):
            raise OpError("unknown-size", "a range over fractions needs known bounds, found a symbolic dim")
        if floats and self.dtype is not None and not is_float(self.dtype):
            raise OpError("dtype-mismatch", f"a range over fractions is no {self.dtype}", at="dtype")
        length = ceil((stop - start) / step) if floats else ceil_div(stop - start, step)  # type: ignore[operator, arg-type]
        if positive(length) is False:
            message = f"no number lies between {start} and {stop} by steps of {step}"
            raise OpError("impossible-size", message, at="start" if self.stop is None else "stop")
        return TensorType(self.dtype or ("f32" if floats else "i32"), (length,))


class Filled(Creation, abstract=True):
    """y = the same number everywhere; y: shape."""

    shape: Dims
    dtype: DType | None = None

    def infer(self) -> TensorType:
        return TensorType(self.dtype or "f32", expect_sizes(self.shape, "shape"))


class Empty(Filled):
    """y = whatever is there, 0 on both backends; y: shape."""


class Zeros(Filled):
    """y = 0; y: shape."""


class Ones(Filled):
    """y = 1; y: shape."""


class Full(Filled):
    """y = fill_value; y: shape."""

    order = ("shape", "fill_value", "dtype")
    fill_value: bool | float = attr()


class Eye(Creation):
    """y_ij = whether j = i + k; y: (N, M)."""

    N: int = attr(is_positive)
    M: int | None = attr(is_positive, default=None)
    k: int = 0
    dtype: DType | None = None

    def infer(self) -> TensorType:
        return TensorType(self.dtype or "f32", (self.N, self.M or self.N))


class Identity(Creation):
    """y_ij = whether j = i; y: (n, n). The bare name is the layer."""

    name_in_flow = "ops.identity"
    n: int = attr(is_positive)
    dtype: DType | None = None

    def infer(self) -> TensorType:
        return TensorType(self.dtype or "f32", (self.n, self.n))


class Tri(Eye):
    """y_ij = whether j ≤ i + k; y: (N, M)."""


class Linspace(Creation):
    """y = `num` numbers from start to stop, evenly spaced; y: (num,)."""

    start: float
    stop: float
    num: int = attr(is_positive, default=50)
    endpoint: bool = True
    dtype: DType | None = attr(default=None, keyword_only=True)

    excluded: ClassVar[dict[str, str]] = {
        "retstep": "gives a number beside the tensor",
        "axis": "means something only where start and stop are tensors",
    }

    def infer(self) -> TensorType:
        return TensorType(self.dtype or "f32", (self.num,))


class Spaced(Creation, abstract=True):
    """y = `num` numbers whose logarithms are evenly spaced; y: (num,)."""

    start: float
    stop: float
    num: int = attr(is_positive, default=50)
    endpoint: bool = True
    dtype: DType | None = None

    excluded: ClassVar[dict[str, str]] = {"axis": "means something only where start and stop are tensors"}

    def infer(self) -> TensorType:
        return TensorType(self.dtype or "f32", (self.num,))


class Logspace(Spaced):
    """y = base^start to base^stop in `num` equal ratios; y: (num,)."""

    order = ("start", "stop", "num", "endpoint", "base")
    base: float = attr(is_positive, default=10)


class Geomspace(Spaced):
    """y = start to stop in `num` equal ratios; y: (num,)."""

    def validate(self) -> None:
        if self.dtype is not None and not is_float(self.dtype):
            raise OpError("dtype-mismatch", f"geomspace makes floats, no {self.dtype}", at="dtype")
        if self.start * self.stop <= 0:
            message = f"start and stop need one sign and not to be 0, found {self.start} and {self.stop}"
            raise OpError("invalid-argument", message, at="stop")


# ---------------------------------------------------------------- like another tensor


class Like(Function, abstract=True):
    """y = the same number everywhere; x: s → y: s, of x's dtype unless `dtype` says otherwise."""

    dtype: DType | None = None

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        return x.with_dtype(self.dtype or x.dtype)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


class EmptyLike(Like):
    """y = whatever is there, 0 on both backends; x: s → y: s."""


class ZerosLike(Like):
    """y = 0; x: s → y: s."""


class OnesLike(Like):
    """y = 1; x: s → y: s."""


class FullLike(Like):
    """y = fill_value; x: s → y: s."""

    order = ("fill_value", "dtype")
    fill_value: bool | float = attr()


# ---------------------------------------------------------------- from indices


class OneHot(Function):
    """y = 1 where the index along `axis` is x, else 0; x: (...) → y: (..., num_classes)."""

    num_classes: int = attr(is_positive)
    axis: int = -1
    dtype: DType | None = None
    sparse: bool = False

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_dtype(x, x.dtype != "bool", "indices")
        if not -1 <= self.axis <= x.rank:
            message = f"axis {self.axis} is out of range: -1 or 0 to {x.rank} for a tensor of rank {x.rank}"
            raise OpError("invalid-argument", message, at="axis")
        at = x.rank if self.axis == -1 else self.axis
        return TensorType(self.dtype or "f32", (*x.shape[:at], self.num_classes, *x.shape[at:]))

    def works_symbolically(self, x: TensorType) -> bool:
        return self.axis < x.rank  # Keras takes the axis behind the last as -1 alone

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size
