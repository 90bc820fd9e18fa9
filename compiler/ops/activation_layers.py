"""Owns the activation layers: those of Keras that are activations with configuration, and `activation(...)`. The
functions themselves are in `activations.py`. One operation per element is counted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.activation_values import StandsForActivation, activation_operator
from netwright.compiler.ops.attributes import Ints, attr, call, not_negative
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.op import Layer, Op, OpError, Tensor, Weight, known_size
from netwright.compiler.ops.shapes import broadcasts_to
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers, normal_axes, show
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class ActivationLayer(Layer, abstract=True):
    """y_i = f(x_i); x: (...) → y: (...)."""

    gradient_reads: ClassVar[tuple[str, ...]] = ("outputs",)

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        return x

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim | None:
        return tensors[-1].size


class ReLU(ActivationLayer, StandsForActivation):
    """y = max(x, 0); in general negative_slope · (x - threshold) below the threshold, x above it, at most max_value
    (Nair & Hinton 2010)."""

    function = "relu"
    max_value: float | None = attr(not_negative, default=None)
    negative_slope: float = attr(not_negative, default=0.0)
    threshold: float = attr(not_negative, default=0.0)

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float or (x.is_integer and self.negative_slope == 0), "floats")
        return x


class LeakyReLU(ActivationLayer, StandsForActivation):
    """y = x for x > 0, else negative_slope · x (Maas et al. 2013). The default slope is not that of
    `activation=leaky_relu`, which is 0.2."""

    negative_slope: float = attr(not_negative, default=0.3)

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float or x.is_integer, "floats")
        return x if x.is_float else x.with_dtype(common_dtype(x, "float"))


class ELU(ActivationLayer, StandsForActivation):
    """y = x for x > 0, else alpha (e^x - 1) (Clevert et al. 2016, arXiv:1511.07289)."""

    function = "elu"
    alpha: float = 1.0


class Softmax(ActivationLayer, StandsForActivation):
    """y_i = e^(x_i) / Σ_j e^(x_j) along `axis`, over the places where `mask`, broadcast to x, is true."""

    function = "softmax"
    axis: int | Ints = -1
    mask: Tensor | None = call()

    def infer(self, x: TensorType, mask: TensorType | None = None) -> TensorType:
        if not normal_axes(self.axis, x.rank):
            raise OpError("invalid-argument", "softmax needs an axis", at="axis")
        if mask is not None and not broadcasts_to(mask.shape, x.shape):
            raise OpError("shape-mismatch", f"a mask {mask} does not broadcast to {show(x.shape)}", at="mask")
        return super().infer(x)


class PReLU(ActivationLayer):
    """y = x for x > 0, else alpha · x with alpha learnt; x: (N, *D) → y: (N, *D), alpha: D, with 1 for each of
    `shared_axes`, which count from the batch (He et al. 2015, arXiv:1502.01852)."""

    gradient_reads = ("operands",)
    alpha_initializer: Initializer | None = "Zeros"
    alpha_regularizer: Regularizer | None = None
    alpha_constraint: Constraint | None = None
    shared_axes: int | Ints | None = None

    @property
    def _shared(self) -> tuple[int, ...]:
        if self.shared_axes is None:
            return ()
        return self.shared_axes if isinstance(self.shared_axes, tuple) else (self.shared_axes,)

    def infer(self, x: TensorType) -> TensorType:
        for axis in self._shared:
            if not 1 <= axis < x.rank:
                message = f"shared axes of this tensor are from 1 to {x.rank - 1} (0 is the batch), found {axis}"
                raise OpError("invalid-argument", message, at="shared_axes", label=f"the tensor is {x}")
        for _ in self.weights(x):  # their sizes must be known
            pass
        y = super().infer(x)
        self.expect_cast(x)
        return y

    def weights(self, x: TensorType) -> Iterable[Weight]:
        shape = (
            1 if axis in self._shared else known_size(dim, f"the size of axis {axis}, which is not shared,")
            for axis, dim in enumerate(x.shape[1:], start=1)
        )
        yield self.weight("alpha", tuple(shape), self.alpha_initializer)


class AppliedActivation(ActivationLayer):
    """y = activation(x)."""

    name_in_flow = "activation"
    keras = "layers.Activation"  # the bare name is the attribute type's
    gradient_reads = ()  # but what its activation's reads
    activation: Activation | None

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        inferred = self._operator.infer(x)
        assert isinstance(inferred, TensorType)
        return inferred

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim | None:
        return self._operator.elementwise(*tensors)

    @property
    def _operator(self) -> Op:
        operator = activation_operator(self.activation or "linear")
        assert operator is not None
        return operator


class Step(WrittenLayer, ActivationLayer):
    """y = high for x ≥ threshold, else low: a unit that fires or does not (McCulloch & Pitts 1943). Its gradient is 0,
    or with straight_through that of the identity (Bengio et al. 2013, arXiv:1308.3432)."""

    gradient_reads = ()
    threshold: float = 0.0
    low: float = 0.0
    high: float = 1.0
    straight_through: bool = False
