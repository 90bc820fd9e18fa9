"""Owns what all recurrent layers share: a cell run over axis 1, the states it starts from and those it returns, masks.
Knows no cell."""

from __future__ import annotations

from collections.abc import Sequence

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, call
from netwright.compiler.ops.op import Layer, OpError, Tensor, Tensors, expect_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.types import TensorType


class Steps(Layer, abstract=True):
    """What is computed at each step of a sequence, by a cell or by the layer that runs it."""

    @property
    def state_count(self) -> int:
        """How many tensors go from step to step."""
        raise NotImplementedError

    def step_states(self, x: TensorType) -> tuple[TensorType, ...]:
        """What goes to the next step; `x` is the input of one step."""
        raise NotImplementedError

    def step_output(self, x: TensorType) -> TensorType:
        """What one step gives."""
        return self.step_states(x)[0]

    def step_macs(self, x: TensorType) -> Dim:
        """Multiply-adds of one step: it multiplies the input and the last state by all gates."""
        raise NotImplementedError

    def step_elementwise(self, x: TensorType) -> Dim:
        """Operations of one step beside the multiply-adds."""
        raise NotImplementedError

    def step_residuals(self, x: TensorType) -> Dim:
        """Elements of one step, beside its input, that its gradient reads."""
        raise NotImplementedError


class Recurrence(Steps, abstract=True):
    """y_t, s_t = cell(x_t, s_(t-1)) over axis 1; x: (N, T, ...) → y: (N, ...), or (N, T, ...) with return_sequences;
    return_state adds the last states. Stateful layers keep their state outside the weights, as Keras does."""

    operands = ("sequences",)

    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    stateful: bool = False
    unroll: bool = False
    zero_output_for_mask: bool = attr(default=False, keyword_only=True)
    initial_state: Tensors | None = call()
    mask: Tensor | None = call()

    def infer(
        self, sequences: TensorType, initial_state: Tensors | None = None, mask: TensorType | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        self.expect_sequences(sequences)
        step = step_of(sequences)
        states, y = self.step_states(step), self.step_output(step)
        expect_states(self, states, initial_state, "initial_state")
        expect_step_mask(mask, sequences)
        if self.return_sequences:
            y = y.with_shape(y.shape[0], sequences.shape[1], *y.shape[1:])
        return (y, *states) if self.return_state else y

    def expect_sequences(self, x: TensorType) -> None:
        """`x` is (N, T, d) with what must be known of it."""
        expect_numbers(x)
        expect_droppable(self, x)
        expect_rank(x, 3)
        known_size(x.shape[2], "the number of features")
        self.expect_known_lengths(x)

    def expect_known_lengths(self, x: TensorType) -> None:
        """What unrolled and stateful layers must know."""
        if self.unroll:
            known_size(x.shape[1], "the number of steps of an unrolled layer", at="unroll")
        if self.stateful:
            known_size(x.shape[0], "the batch size of a stateful layer", at="stateful")

    def macs(self, sequences: TensorType, *_: TensorType) -> Dim:
        return sequences.shape[1] * self.step_macs(step_of(sequences))

    def elementwise(self, sequences: TensorType, *_: TensorType) -> Dim:
        return sequences.shape[1] * self.step_elementwise(step_of(sequences))

    def residuals(self, sequences: TensorType, *_: TensorType) -> Dim:
        return sequences.shape[1] * self.step_residuals(step_of(sequences))


def step_of(x: TensorType) -> TensorType:
    """What a cell gets of one step of `x`."""
    return x.with_shape(x.shape[0], *x.shape[2:])


def expect_droppable(layer: Layer, x: TensorType) -> None:
    """What is dropped is drawn in the dtype of the layer, and for floats only."""
    if 0 < getattr(layer, "dropout", 0) < 1 and x.dtype != layer.compute_dtype:
        message = f"dropout of the input takes {layer.compute_dtype}, found {x.dtype}"
        raise OpError("dtype-mismatch", message, at="dropout", label=f"the input is {x}")


def expect_states(layer: Layer, wanted: Sequence[TensorType], given: Tensors | None, at: str) -> None:
    """The states given, if any, are those wanted."""
    if given is None:
        return
    states = given if isinstance(given, tuple) else (given,)
    if len(states) != len(wanted):
        what = at.replace("_", " ").removesuffix("s")
        message = f"{layer.name_in_flow} has {len(wanted)} {what}{'' if len(wanted) == 1 else 's'}, found {len(states)}"
        raise OpError("wrong-arity", message, at=at)
    for state, want in zip(states, wanted, strict=True):
        if state is None or state.rank != want.rank or None in map(agree, state.shape, want.shape):
            raise OpError("shape-mismatch", f"expected a state {want}, found {state}", at=at)


def expect_step_mask(mask: TensorType | None, x: TensorType) -> None:
    """`mask` says of each step of `x` whether it counts: (N, T) or (N, T, 1). One for the whole batch will do, but not
    one for all steps."""
    if mask is None:
        return
    wanted = (1 if mask.rank and mask.shape[0] == 1 else x.shape[0], x.shape[1], 1)
    fits = mask.rank in (2, 3) and None not in map(agree, mask.shape, wanted)
    if not fits:
        message = f"expected a mask of shape [{x.shape[0]}, {x.shape[1]}], found {mask}"
        raise OpError("shape-mismatch", message, at="mask")
