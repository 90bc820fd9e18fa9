"""Owns the functions of keras.random, each known as `random.<name>`. They draw anew at each call, in inference too, and
`seed` says where that begins: emitted code and programs keep a generator for each place where one stands. Those without
operands are tensors where they stand: `x + random.normal(x.shape)`. One operation is counted for each element."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import is_float, is_integer
from netwright.compiler.ops.attributes import attr, between, not_negative, positive
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.declared import snake_case
from netwright.compiler.ops.op import Function, OpError, expect_rank, normal_axis
from netwright.compiler.ops.regularization import NoiseShape, ShapedDropout
from netwright.compiler.ops.tensor_creation import expect_sizes
from netwright.compiler.ops.tensor_rules import Dims, expect_dtype, expect_numbers
from netwright.compiler.types import TensorType


class RandomFunction(Function, abstract=True):
    """y is random."""

    module = "random"
    #: whether it gives the elements of its operand in another order
    rearranges: ClassVar[bool] = False
    seed: int | None = None

    @classmethod
    def _register(cls) -> None:
        cls.name_in_flow = f"random.{snake_case(cls.__name__)}"
        super()._register()

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size


class Distribution(RandomFunction, abstract=True):
    """Independent numbers; y: shape, of floats."""

    operands = ()
    shape: Dims
    dtype: DType | None = None

    def infer(self) -> TensorType:
        dtype = self.dtype or "f32"
        if not is_float(dtype):
            raise OpError("dtype-mismatch", f"{self.name_in_flow} draws floats, no {dtype}", at="dtype")
        return TensorType(dtype, expect_sizes(self.shape, "shape"))


class Normal(Distribution):
    """y_i ~ N(mean, stddev²); y: shape."""

    mean: float = 0.0
    stddev: float = attr(not_negative, default=1.0)
    order = ("shape", "mean", "stddev", "dtype", "seed")


class TruncatedNormal(Normal):
    """y_i ~ N(mean, stddev²), drawn again until it is no farther from the mean than 2 stddev; y: shape."""


class Uniform(Distribution):
    """y_i evenly between minval and maxval; y: shape."""

    minval: float = 0.0
    maxval: float = 1.0
    order = ("shape", "minval", "maxval", "dtype", "seed")


class Gamma(Distribution):
    """y_i ~ Γ(alpha, 1); y: shape. XLA does not compile it on TensorFlow."""

    not_run_on = ("tensorflow",)
    alpha: float = attr(positive)
    order = ("shape", "alpha", "dtype", "seed")


class Beta(Distribution):
    """y_i ~ B(alpha, beta), between 0 and 1; y: shape. XLA does not compile it on TensorFlow."""

    not_run_on = ("tensorflow",)
    alpha: float = attr(positive)
    beta: float = attr(positive)
    order = ("shape", "alpha", "beta", "dtype", "seed")


class Binomial(Distribution):
    """y_i = how many of `counts` trials succeed, each with probability `probabilities`; y: shape. XLA does not compile
    it on TensorFlow."""

    not_run_on = ("tensorflow",)
    counts: float = attr(not_negative)
    probabilities: float = attr(between(0, 1))
    order = ("shape", "counts", "probabilities", "dtype", "seed")


class Randint(RandomFunction):
    """y_i one of minval, ..., maxval - 1, all alike; y: shape."""

    operands = ()
    shape: Dims
    minval: int
    maxval: int
    dtype: DType | None = "i32"
    order = ("shape", "minval", "maxval", "dtype", "seed")

    def validate(self) -> None:
        if self.minval >= self.maxval:
            message = f"no integer is from {self.minval} on and below {self.maxval}"
            raise OpError("invalid-argument", message, at="maxval")

    def infer(self) -> TensorType:
        dtype = self.dtype or "i32"
        if not is_integer(dtype):
            raise OpError("dtype-mismatch", f"random.randint draws integers, no {dtype}", at="dtype")
        return TensorType(dtype, expect_sizes(self.shape, "shape"))


class Categorical(RandomFunction):
    """y = num_samples indices for each row, each with its probability softmax(logits); logits: (N, classes) →
    (N, num_samples)."""

    operands = ("logits",)
    num_samples: int = attr(positive)
    dtype: DType | None = "i32"
    order = ("num_samples", "dtype", "seed")

    def infer(self, logits: TensorType) -> TensorType:
        expect_dtype(logits, logits.is_float and logits.dtype != "f16", "f32, f64 or bf16")
        expect_rank(logits, 2)
        if self.dtype == "str":
            raise OpError("dtype-mismatch", "an index is no str", at="dtype")
        return TensorType(self.dtype or "i32", (logits.shape[0], self.num_samples))


class Shuffle(RandomFunction):
    """y = the slices of x along `axis` in another order; x: s → y: s."""

    rearranges = True
    axis: int = 0
    order: ClassVar[tuple[str, ...]] = ("axis", "seed")

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        normal_axis(self.axis, x.rank)
        return x


class Dropout(RandomFunction):
    """y = x m / (1 - rate), each m 0 with probability `rate`, else 1, in inference too; x: s → y: s. The layer drops in
    training alone."""

    operands = ("inputs",)
    rate: float = attr(between(0, 1))
    noise_shape: NoiseShape | None = None
    order = ("rate", "noise_shape", "seed")

    def infer(self, inputs: TensorType) -> TensorType:
        layer: Any = ShapedDropout({"rate": self.rate, "noise_shape": self.noise_shape})
        y: TensorType = layer.infer(inputs)
        return y
