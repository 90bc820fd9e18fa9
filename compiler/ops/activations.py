"""Owns the activations of keras.activations: each an operator with Keras's signature, and the table of names that an
attribute `activation=` takes. The layers that are activations are in `activation_layers.py`.

All keep the shape but `glu`, which therefore is no activation for an attribute. One operation per element is counted.
Integers are taken where both Keras backends take them."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.declared import snake_case
from netwright.compiler.ops.op import Op, OpError, normal_axis
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers
from netwright.compiler.types import TensorType

#: what an attribute `activation=` may name -> the operator; filled as classes are defined
ACTIVATIONS: dict[str, type[ActivationFunction]] = {}
#: alike in keras.ops, so that `ops.relu` is `activations.relu`; the others there are in `network_activations.py`
IN_OPS = frozenset(
    """celu elu glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid log_softmax relu
    relu6 selu sigmoid silu soft_shrink softmax softplus softsign sparse_plus sparse_sigmoid sparsemax squareplus swish
    tanh_shrink threshold""".split()
)


class ActivationFunction(Op, abstract=True):
    """y_i = f(x_i); x: (...) → y: (...). Also known as `activations.<name>`, and as that alone where a layer has the
    bare name."""

    #: may stand as `activation=<name>`
    for_attributes: ClassVar[bool] = True
    #: whether Keras's function takes the tensors of a model that is being built
    takes_symbols: ClassVar[bool] = True
    gradient_reads: ClassVar[tuple[str, ...]] = ("outputs",)

    @classmethod
    def _register(cls) -> None:
        name = snake_case(cls.__name__)
        cls.keras = f"activations.{name}"
        if "name_in_flow" not in cls.__dict__:
            cls.name_in_flow = name
        super()._register()
        for alias in (name, *cls.aliases):
            OPERATORS[f"activations.{alias}"] = cls
            if alias in IN_OPS:
                OPERATORS[f"ops.{alias}"] = cls
            if cls.for_attributes:
                ACTIVATIONS[alias] = cls

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        return x.with_dtype(self.result_dtype(x))

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float, "floats")
        return x.dtype

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return tensors[-1].size


class FloatValued(ActivationFunction, abstract=True):
    """y_i = f(x_i); integers become floats."""

    def result_dtype(self, x: TensorType) -> str:
        return x.dtype if x.is_float else common_dtype(x, "float")


class AlongAxis(ActivationFunction, abstract=True):
    """y = f(x) along one axis."""

    axis: int = -1

    def infer(self, x: TensorType) -> TensorType:
        normal_axis(self.axis, x.rank)
        return super().infer(x)


# ---------------------------------------------------------------- rectifiers


class Relu(ActivationFunction):
    """y = max(x, 0); in general negative_slope · (x - threshold) below the threshold, x above it, at most max_value
    (Nair & Hinton 2010)."""

    name_in_flow = "activations.relu"
    negative_slope: float = 0.0
    max_value: float | None = None
    threshold: float = 0.0

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float or (x.is_integer and self.negative_slope == 0), "floats")
        return x.dtype


class LeakyRelu(FloatValued):
    """y = x for x > 0, else negative_slope · x (Maas et al. 2013)."""

    name_in_flow = "activations.leaky_relu"
    negative_slope: float = 0.2

    def result_dtype(self, x: TensorType) -> str:
        expect_dtype(x, x.is_float or x.is_integer, "numbers")
        return super().result_dtype(x)


class Relu6(ActivationFunction):
    """y = min(max(x, 0), 6) (Krizhevsky 2010)."""


class Elu(ActivationFunction):
    """y = x for x > 0, else alpha (e^x - 1) (Clevert et al. 2016, arXiv:1511.07289)."""

    name_in_flow = "activations.elu"
    alpha: float = 1.0


class Celu(ActivationFunction):
    """y = max(x, 0) + min(alpha (e^(x / alpha) - 1), 0) (Barron 2017, arXiv:1704.07483)."""

    alpha: float = 1.0


class Selu(ActivationFunction):
    """y = 1.0507 x for x > 0, else 1.0507 · 1.6733 (e^x - 1) (Klambauer et al. 2017, arXiv:1706.02515)."""


class Squareplus(ActivationFunction):
    """y = (x + √(x² + b)) / 2 (Barron 2021, arXiv:2112.11687)."""

    b: int | float = 4


class SparsePlus(ActivationFunction):
    """y = 0 for x <= -1, (x + 1)² / 4 for -1 < x < 1, else x."""

    gradient_reads = ("operands",)


# ---------------------------------------------------------------- gates


class Silu(ActivationFunction):
    """y = x σ(x) (Ramachandran et al. 2017, arXiv:1710.05941)."""

    gradient_reads = ("operands",)
    aliases = ("swish",)


class HardSilu(ActivationFunction):
    """y = x · min(max(x / 6 + 1/2, 0), 1) (Howard et al. 2019, arXiv:1905.02244)."""

    gradient_reads = ("operands",)
    takes_symbols = False
    aliases = ("hard_swish",)


class Gelu(ActivationFunction):
    """y = x Φ(x), Φ the normal distribution function, or its approximation by tanh (Hendrycks & Gimpel 2016,
    arXiv:1606.08415)."""

    gradient_reads = ("operands",)
    approximate: bool = False


class Mish(ActivationFunction):
    """y = x tanh(softplus(x)) (Misra 2019, arXiv:1908.08681)."""

    gradient_reads = ("operands",)
    takes_symbols = False


class Glu(AlongAxis):
    """y = a σ(b), a and b the halves of x along `axis`; x: (..., 2 d) → y: (..., d) (Dauphin et al. 2016,
    arXiv:1612.08083)."""

    gradient_reads = ("operands",)
    for_attributes = False

    def infer(self, x: TensorType) -> TensorType:
        whole = super().infer(x)
        axis = normal_axis(self.axis, x.rank)
        if whole.shape[axis] % 2 == 1:
            message = f"glu halves axis {self.axis}, whose size {whole.shape[axis]} is odd"
            raise OpError("impossible-size", message, at=0, label=f"this is {x}")
        return whole.with_shape(*whole.shape[:axis], whole.shape[axis] // 2, *whole.shape[axis + 1 :])

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return 2 * tensors[-1].size


# ---------------------------------------------------------------- sigmoids and their kin


class Sigmoid(ActivationFunction):
    """y = σ(x) = 1 / (1 + e^(-x))."""


class HardSigmoid(ActivationFunction):
    """y = min(max(x / 6 + 1/2, 0), 1)."""


class SparseSigmoid(ActivationFunction):
    """y = min(max((x + 1) / 2, 0), 1)."""


class LogSigmoid(ActivationFunction):
    """y = log σ(x)."""


class Tanh(FloatValued):
    """y = tanh(x)."""


class HardTanh(ActivationFunction):
    """y = min(max(x, -1), 1)."""


class TanhShrink(ActivationFunction):
    """y = x - tanh(x)."""

    gradient_reads = ("operands",)


class Softsign(ActivationFunction):
    """y = x / (1 + |x|)."""


class Softplus(ActivationFunction):
    """y = log(1 + e^x)."""


class Exponential(FloatValued):
    """y = e^x."""


class Linear(ActivationFunction):
    """y = x."""

    gradient_reads = ()

    def result_dtype(self, x: TensorType) -> str:
        return x.dtype

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return 0


# ---------------------------------------------------------------- thresholds


class HardShrink(ActivationFunction):
    """y = x for |x| > threshold, else 0."""

    threshold: float = 0.5


class SoftShrink(ActivationFunction):
    """y = x - threshold for x > threshold, x + threshold for x < -threshold, else 0."""

    threshold: float = 0.5


class Threshold(ActivationFunction):
    """y = x for x > threshold, else default_value."""

    gradient_reads = ("operands",)
    threshold: float
    default_value: float


# ---------------------------------------------------------------- distributions


class Softmax(AlongAxis):
    """y_i = e^(x_i) / Σ_j e^(x_j) along `axis`."""

    name_in_flow = "activations.softmax"


class LogSoftmax(AlongAxis):
    """y = log softmax(x) along `axis`."""


class Sparsemax(AlongAxis):
    """The point of the probability simplex nearest to x, along `axis` (Martins & Astudillo 2016, arXiv:1602.02068)."""

    takes_symbols = False
