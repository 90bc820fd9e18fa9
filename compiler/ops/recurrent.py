"""Owns the recurrent layers with a fixed cell: simple_rnn, lstm, gru. x: (N, T, d) → y: (N, units), or (N, T, units)
with return_sequences; return_state adds the cell's last states, (N, units) each.

MACs: every step multiplies the input and the last state by all gates. Stateful layers keep their state outside the
weights, as Keras does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, between, call, one_of, positive
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.op import (
    Joined,
    Layer,
    OpError,
    Tensor,
    Tensors,
    Weight,
    expect_rank,
    known_size,
)
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.types import TensorType

_INITIALIZERS = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
_REGULARIZERS = ("kernel_regularizer", "recurrent_regularizer", "bias_regularizer", "activity_regularizer")
_CONSTRAINTS = ("kernel_constraint", "recurrent_constraint", "bias_constraint")
_DROPOUT = ("dropout", "recurrent_dropout")
_RUN = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class Recurrent(Layer, abstract=True):
    """h_t = cell(x_t, h_(t-1)), run over axis 1."""

    operands = ("sequences",)
    #: what the cell computes from input and state before its nonlinearities, in multiples of units
    gates: ClassVar[int] = 1
    #: how many tensors the cell hands from step to step
    states: ClassVar[int] = 1
    #: operations a unit and step beside the multiply-adds and the bias
    unit_cost: ClassVar[int] = 2

    units: int = attr(positive)
    activation: Activation | None = "tanh"
    use_bias: bool = True
    kernel_initializer: Initializer | None = "glorot_uniform"
    recurrent_initializer: Initializer | None = "orthogonal"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    recurrent_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    recurrent_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None
    dropout: float = attr(between(0, 1), default=0.0)
    recurrent_dropout: float = attr(between(0, 1), default=0.0)
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    seed: int | None = None
    zero_output_for_mask: bool = attr(default=False, keyword_only=True)
    initial_state: Tensors | None = call()
    mask: Tensor | None = call()

    def infer(
        self, sequences: TensorType, initial_state: Tensors | None = None, mask: TensorType | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        self.expect_sequences(sequences)
        self._expect_states(sequences, initial_state)
        expect_step_mask(mask, sequences)
        batch, time = sequences.shape[:2]
        state = TensorType(self.compute_dtype, (batch, self.units))
        output = state.with_shape(batch, time, self.units) if self.return_sequences else state
        return (output, *(state,) * self.states) if self.return_state else output

    def expect_sequences(self, x: TensorType) -> None:
        """`x` is (N, T, d) with what must be known of it."""
        expect_numbers(x)
        expect_rank(x, 3)
        known_size(x.shape[2], "the number of features")
        if self.unroll:
            known_size(x.shape[1], "the number of steps of an unrolled layer", at="unroll")
        if self.stateful:
            known_size(x.shape[0], "the batch size of a stateful layer", at="stateful")

    def _expect_states(self, x: TensorType, given: Tensors | None) -> None:
        if given is None:
            return
        states = given if isinstance(given, tuple) else (given,)
        if len(states) != self.states:
            message = f"{self.name_in_flow} has {self.states} initial states, found {len(states)}"
            raise OpError("wrong-arity", message, at="initial_state")
        wanted = TensorType(self.compute_dtype, (x.shape[0], self.units))
        for state in states:
            if state is None or state.rank != 2 or None in map(agree, state.shape, wanted.shape):
                raise OpError("shape-mismatch", f"expected a state {wanted}, found {state}", at="initial_state")

    def weights(self, sequences: TensorType, **_: object) -> Iterable[Weight]:
        features = known_size(sequences.shape[-1], "the number of features")
        width = self.units * self.gates
        yield self.weight("kernel", (features, width), self.kernel_initializer)
        yield self.weight("recurrent_kernel", (self.units, width), self.recurrent_initializer)
        if self.use_bias:
            yield self.bias()

    def bias(self) -> Weight:
        """The array added before the nonlinearities."""
        return self.weight("bias", (self.units * self.gates,), self.bias_initializer)

    def macs(self, sequences: TensorType, *_: TensorType) -> Dim:
        batch, time, features = sequences.shape
        return batch * time * (features + self.units) * (self.units * self.gates)

    def elementwise(self, sequences: TensorType, *_: TensorType) -> Dim:
        batch, time, _features = sequences.shape
        biases = self.bias_size() if self.use_bias else 0
        return batch * time * (self.units * self.unit_cost + biases)

    def bias_size(self) -> int:
        """Elements added in one step."""
        return self.units * self.gates


def expect_step_mask(mask: TensorType | None, x: TensorType) -> None:
    """`mask` says of each step of `x` whether it counts: (N, T) or (N, T, 1)."""
    if mask is None:
        return
    wanted = (*x.shape[:2], 1)
    fits = mask.rank in (2, 3) and all(
        dim == 1 or agree(dim, size) is not None for dim, size in _pairs(mask.shape, wanted)
    )
    if not fits:
        message = f"expected a mask of shape [{x.shape[0]}, {x.shape[1]}], found {mask}"
        raise OpError("shape-mismatch", message, at="mask")


def _pairs(left: Sequence[Dim], right: Sequence[Dim]) -> Iterable[tuple[Dim, Dim]]:
    return zip(left, right, strict=False)


class SimpleRNN(Recurrent):
    """h_t = activation(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Elman 1990)."""

    order = (
        *("units", "activation", "use_bias", *_INITIALIZERS, *_REGULARIZERS, *_CONSTRAINTS, *_DROPOUT, *_RUN, "seed"),
    )


class Gated(Recurrent, abstract=True):
    """A recurrent layer whose gates have an activation of their own."""

    recurrent_activation: Activation | None = "sigmoid"
    use_cudnn: bool | str = attr(one_of("auto", True, False), default="auto")


class LSTM(Gated):
    """c_t = f c_(t-1) + i tanh(x_t W_c + h_(t-1) U_c + b_c), h_t = o tanh(c_t), with gates i, f, o of the form
    sigmoid(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Hochreiter & Schmidhuber 1997; Gers et al. 2000)."""

    gates = 4
    states = 2
    unit_cost = 13
    unit_forget_bias: bool = True
    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *_INITIALIZERS, "unit_forget_bias"),
        *(*_REGULARIZERS, *_CONSTRAINTS, *_DROPOUT, "seed", *_RUN, "use_cudnn"),
    )

    def bias(self) -> Weight:
        bias = super().bias()
        if not self.unit_forget_bias:
            return bias
        first, units = bias.initializer, self.units
        return bias._replace(initializer=Joined(((units, first), (units, "ones"), (2 * units, first))))


class GRU(Gated):
    """h_t = z h_(t-1) + (1 - z) tanh(x_t W_h + r (h_(t-1) U_h + c_h) + b_h), with gates z, r of the form
    sigmoid(x_t W + h_(t-1) U + b); x: (N, T, d) → y: (N, units) (Cho et al. 2014). Without reset_after, U_h multiplies
    r h_(t-1)."""

    gates = 3
    unit_cost = 11
    reset_after: bool = True
    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *_INITIALIZERS, *_REGULARIZERS, *_CONSTRAINTS),
        *(*_DROPOUT, "seed", *_RUN, "reset_after", "use_cudnn"),
    )

    def bias(self) -> Weight:
        bias = super().bias()
        return bias._replace(shape=(2, *bias.shape)) if self.reset_after else bias

    def bias_size(self) -> int:
        return super().bias_size() * (2 if self.reset_after else 1)
