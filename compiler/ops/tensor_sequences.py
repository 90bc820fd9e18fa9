"""Owns the functions of keras.ops that see an axis as a sequence: differences, areas, search in it, sliding products.

Dtypes are what both Keras backends compute; what one of them refuses is refused."""

from __future__ import annotations

from netwright.compiler.dims import Dim, dim_max, less_equal, positive
from netwright.compiler.ops.attributes import Floats, attr, not_negative, one_of, positive as is_positive
from netwright.compiler.ops.op import Function, OpError, expect_rank, known_size, normal_axis
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_equal, expect_numbers, replaced
from netwright.compiler.types import TensorType


class Diff(Function):
    """y_i = x_(i + 1) - x_i along `axis`, `n` times; x: (..., d, ...) → y: (..., d - n, ...)."""

    operands = ("a",)
    gradient_reads = ()
    n: int = attr(not_negative, default=1)
    axis: int = -1

    def infer(self, a: TensorType) -> TensorType:
        expect_numbers(a)
        axis = normal_axis(self.axis, a.rank)
        left = a.shape[axis] - self.n
        if positive(left) is False:
            message = f"an axis of size {a.shape[axis]} has no differences of order {self.n}"
            raise OpError("impossible-size", message, at="n", label=f"this is {a}")
        return a.with_shape(*replaced(a.shape, axis, left))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return self.n * tensors[-1].size


class Trapezoid(Function):
    """Σ (y_i + y_(i + 1)) / 2 · d_i along `axis`: the area below a line through points that are `dx` apart, or stand at
    `x` on the last axis; y: (..., d) → (...)."""

    operands = ("y",)
    gradient_reads = ()
    x: Floats | None = None
    dx: float = 1.0
    axis: int = -1

    def infer(self, y: TensorType) -> TensorType:
        expect_numbers(y)
        axis = normal_axis(self.axis, y.rank)
        if self.axis < -1:
            help = f"write {axis}: TensorFlow's backend counts from the other end only for -1"
            raise OpError(
                "invalid-argument", f"expected -1 or an axis from 0 on, found {self.axis}", at="axis", help=help
            )
        if self.x is not None:
            if self.axis != -1:
                raise OpError("invalid-argument", "x is that of the last axis, -1", at="axis")
            expect_equal(y.shape[axis], len(self.x), "the size of the last axis and that of x", at="x")
        return TensorType(common_dtype(y, "float"), (*y.shape[:axis], *y.shape[axis + 1 :]))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[0].size


class Vander(Function):
    """y_ij = x_i^(N - 1 - j), or x_i^j if `increasing`; x: (n,) → y: (n, N), N = n where it is not given."""

    N: int | None = attr(is_positive, default=None)
    increasing: bool = False

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_rank(x, 1)
        expect_dtype(x, x.dtype != "bool", "numbers")
        return x.with_shape(x.shape[0], x.shape[0] if self.N is None else self.N)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size


class Correlate(Function):
    """y_k = Σ x1_(i + k) x2_i; x1: (n,), x2: (m,) → y: (n - m + 1,); (max(n, m),) where mode is same,
    (n + m - 1,) where it is full."""

    operands = ("x1", "x2")
    mode: str = attr(one_of("valid", "same", "full"), default="valid")

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        for at, each in enumerate((x1, x2)):
            expect_rank(each, 1, at=at)
            expect_dtype(each, each.is_float, "floats", at=at)
        return TensorType(common_dtype(x1, x2), (self._length(x1.shape[0], x2.shape[0]),))

    def _length(self, n: Dim, m: Dim) -> Dim:
        if self.mode == "full":
            return n + m - 1
        if self.mode == "same":
            return dim_max(n, m)
        if less_equal(m, n) is False:
            message = f"a sequence of {m} does not slide along one of {n}"
            raise OpError("impossible-size", message, at=1, help="exchange them, or give mode=full")
        return n - m + 1

    def macs(self, x1: TensorType, x2: TensorType, y: TensorType) -> Dim:
        return y.size * x2.size

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0


# ---------------------------------------------------------------- search


class Search(Function, abstract=True):
    """What it costs to search is not known."""

    def elementwise(self, *tensors: TensorType) -> Dim | None:
        return None


class Searchsorted(Search):
    """y = the place of each value in a rising sequence, before what is equal or (`side=right`) behind it; (n,), (k,)
    → i32 (k,)."""

    operands = ("sorted_sequence", "values")
    side: str = attr(one_of("left", "right"), default="left")

    def infer(self, sorted_sequence: TensorType, values: TensorType) -> TensorType:
        expect_numbers(sorted_sequence, values)
        expect_rank(sorted_sequence, 1, at=0)
        expect_rank(values, 1, at=1)
        if sorted_sequence.dtype != values.dtype:
            message = f"expected values of {sorted_sequence.dtype} as the sequence has, found {values.dtype}"
            raise OpError("dtype-mismatch", message, at=1, label=f"this is {values}")
        known_size(sorted_sequence.shape[0], "the length of the sequence", at=0)  # Keras makes i64 of others
        return values.with_dtype("i32")


class Digitize(Search):
    """y = the number of the bin that x falls into, between rising bounds; x: s, bins: (n,) → y: i32 s. XLA compiles it
    on JAX alone; see the layer discretization."""

    operands = ("x", "bins")
    not_run_on = ("tensorflow",)

    def infer(self, x: TensorType, bins: TensorType) -> TensorType:
        expect_numbers(x, bins)
        expect_rank(bins, 1, at=1)
        return x.with_dtype("i32")


class Isin(Search):
    """y = whether x1 is (`invert`: is not) among the elements of x2; x1: s → y: bool s. XLA compiles it on JAX
    alone."""

    operands = ("x1", "x2")
    assume_unique: bool = False
    invert: bool = False
    not_run_on = ("tensorflow",)

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        expect_numbers(x1, x2)
        common_dtype(x1, x2)
        return x1.with_dtype("bool")

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size * tensors[1].size
