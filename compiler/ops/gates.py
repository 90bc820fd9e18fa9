"""Owns the arrays and costs of recurrent gates, common to the cells (`recurrent_cells.py`) and to the layers with a
fixed cell (`recurrent.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, between, positive
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.op import Joined, Layer, Weight, known_size
from netwright.compiler.types import TensorType

INITIALIZERS = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer")
CONSTRAINTS = ("kernel_constraint", "recurrent_constraint", "bias_constraint")
DROPOUT = ("dropout", "recurrent_dropout")


class RecurrentWeights(Layer, abstract=True):
    """A layer with a kernel, a recurrent kernel and a bias; dropout acts in training."""

    activation: Activation | None = "tanh"
    use_bias: bool = True
    kernel_initializer: Initializer | None = "glorot_uniform"
    recurrent_initializer: Initializer | None = "orthogonal"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    recurrent_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    recurrent_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None
    dropout: float = attr(between(0, 1), default=0.0)
    recurrent_dropout: float = attr(between(0, 1), default=0.0)
    seed: int | None = None


class Gates(RecurrentWeights, abstract=True):
    """x W + h U + b for every gate; x: (N, d), h: (N, units), W: (d, gates units), U: (units, gates units)."""

    #: what is computed from input and state before the nonlinearities, in multiples of units
    gates: ClassVar[int] = 1
    #: how many tensors go from step to step
    state_count: ClassVar[int] = 1
    #: operations a unit and step beside the multiply-adds and the bias
    unit_cost: ClassVar[int] = 2

    units: int = attr(positive)

    def step_states(self, x: TensorType) -> tuple[TensorType, ...]:
        """What goes to the next step; `x` is the input of one step."""
        return (TensorType(self.compute_dtype, (x.shape[0], self.units)),) * self.state_count

    def weights(self, x: TensorType, **_: object) -> Iterable[Weight]:
        features = known_size(x.shape[-1], "the number of features")
        width = self.units * self.gates
        yield self.weight("kernel", (features, width), self.kernel_initializer)
        yield self.weight("recurrent_kernel", (self.units, width), self.recurrent_initializer)
        if self.use_bias:
            yield self.bias()

    def bias(self) -> Weight:
        """The array added before the nonlinearities."""
        return self.weight("bias", (self.units * self.gates,), self.bias_initializer)

    def bias_size(self) -> int:
        """Elements added in one step."""
        return self.units * self.gates

    def step_macs(self, x: TensorType) -> Dim:
        """Multiply-adds of one step."""
        return x.shape[0] * (x.shape[1] + self.units) * (self.units * self.gates)

    def step_elementwise(self, x: TensorType) -> Dim:
        """Operations of one step beside the multiply-adds."""
        return x.shape[0] * (self.units * self.unit_cost + (self.bias_size() if self.use_bias else 0))

    def step_residuals(self, x: TensorType) -> Dim:
        """Elements of one step that its gradient reads: gates and states."""
        return x.shape[0] * (self.units * (self.gates + self.state_count))


class LSTMGates(Gates, abstract=True):
    """Gates i, f, o and the candidate c (Hochreiter & Schmidhuber 1997; Gers et al. 2000)."""

    gates = 4
    state_count = 2
    unit_cost = 13
    recurrent_activation: Activation | None = "sigmoid"
    unit_forget_bias: bool = True

    def bias(self) -> Weight:
        return open_forget_gate(super().bias(), self.units) if self.unit_forget_bias else super().bias()


def open_forget_gate(bias: Weight, units: int) -> Weight:
    """The bias of gates i, f, c, o with ones for f (Jozefowicz et al. 2015)."""
    first = bias.initializer
    return bias._replace(initializer=Joined(((units, first), (units, "ones"), (2 * units, first))))


class GRUGates(Gates, abstract=True):
    """Gates z, r and the candidate h (Cho et al. 2014); with reset_after two biases, one beside U."""

    gates = 3
    unit_cost = 11
    recurrent_activation: Activation | None = "sigmoid"
    reset_after: bool = True

    def bias(self) -> Weight:
        bias = super().bias()
        return bias._replace(shape=(2, *bias.shape)) if self.reset_after else bias

    def bias_size(self) -> int:
        return super().bias_size() * (2 if self.reset_after else 1)
