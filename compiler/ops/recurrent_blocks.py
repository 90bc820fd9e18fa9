"""Owns `recurrent`: a cell of the user's own, a block or any other layer, run over axis 1. What the cell makes of a
step is found out where the layer is applied (`compiler/recurrences.py`); here are its options and its shape rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from netwright.compiler.ops.attributes import TYPES, AttributeType, call
from netwright.compiler.ops.op import Op, OpError, Tensor, Tensors, expect_min_rank, known_size
from netwright.compiler.ops.recurrence import expect_states, expect_step_mask, step_of
from netwright.compiler.ops.recurrent_cells import Cell
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType
from netwright.compiler.values import Layer as FlowLayer


class _CellBlockType(AttributeType):
    """A layer of flow; the normal form is the layer, or the operator that it is."""

    expected = "a cell: a block of (step, state, ...), with its arguments"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, (FlowLayer, Op)):
            return value
        raise self.fault()


TYPES["CellBlock"] = _CellBlockType()

# what type checkers see behind the annotation names
CellBlock = FlowLayer | Op

_INNER = "the layers of the cell have their own"


class Recurrent(WrittenLayer):
    """y_t, s_t = cell(x_t, s_(t-1)) over axis 1; x: (N, T, ...) → y: (N, ...), or (N, T, ...) with return_sequences;
    return_state adds the last states. The cell, a block `(x, h[N, units], ...) -> cell(units)` or any other layer,
    gives an output and as many states as it takes, or the states alone, the first of which is the output then. First
    states are zeros of the sizes in the block's header, or `initial_state`."""

    operands = ("sequences",)
    runs_cell = True
    excluded: ClassVar[dict[str, str]] = {
        "stateful": "a program is pure: give the states and take them, with initial_state and return_state",
        "unroll": "XLA compiles the loop as it is",
        "zero_output_for_mask": "a masked step gives what the one before it gave, as in Keras unless told otherwise",
        "activity_regularizer": _INNER,
        "trainable": _INNER,
        "dtype": _INNER,
        "autocast": _INNER,
    }
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    dtype: ClassVar[None] = None  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]
    cell: CellBlock
    return_sequences: bool = False
    return_state: bool = False
    go_backwards: bool = False
    initial_state: Tensors | None = call()
    mask: Tensor | None = call()

    def validate(self) -> None:
        if isinstance(self.cell, Cell):
            name = self.cell.name_in_flow
            raise OpError(
                "invalid-argument", f"{name} is a cell of Keras's", at="cell", help=f"write `rnn({name}(...))`"
            )

    def infer(self, *_: TensorType, **__: object) -> TensorType:
        """Of a layer in another: what runs a block of flow cannot stand there."""
        message = "it runs a block, which no other layer holds"
        raise OpError("not-supported", message, help="apply it by itself: `x -> recurrent(...)`")

    def step(self, sequences: TensorType) -> TensorType:
        """What the cell gets of one step."""
        expect_min_rank(sequences, 3)
        return step_of(self.prepare(sequences))

    def first_states(self, step: TensorType, given: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
        """The states given, which have the batch of the step."""
        wanted = tuple(state.with_shape(step.shape[0], *state.shape[1:]) for state in given)
        expect_states(self, wanted, given, "initial_state")
        return wanted

    def expect_step(self, states: Sequence[TensorType], made: Sequence[TensorType]) -> None:
        """The cell gives floats of known sizes, and states like those that it took."""
        if len(made) - len(states) not in (0, 1):
            message = f"a cell of {_count(len(states), 'state')} gives an output and {_count(len(states), 'new state')}"
            help = "end the block with `(y, h, c)`, or with the new states alone: `(h, c)`"
            raise OpError("wrong-arity", f"{message}, found {_count(len(made), 'tensor')}", at="cell", help=help)
        for number, (before, after) in enumerate(zip(states, made[len(made) - len(states) :], strict=True), 1):
            fits = before.dtype == after.dtype and before.rank == after.rank
            if not fits or None in map(agree, before.shape, after.shape):
                message = f"state {number} of the cell is {before} before a step and {after} after it"
                raise OpError("shape-mismatch", message, at="cell", help="a cell gives states like those it takes")
        for type in (*states, made[0]):
            _expect_carried(type)

    def expect_mask(self, sequences: TensorType, carried: Sequence[TensorType], mask: TensorType | None) -> None:
        """Where some steps do not count, states and outputs are vectors."""
        expect_step_mask(mask, sequences)
        odd = next((type for type in carried if type.rank != 2), None)
        if mask is not None and odd is not None:
            message = f"steps can be masked where states and outputs are vectors, found {odd}"
            raise OpError("not-supported", message, at="mask")

    def outputs(
        self, sequences: TensorType, states: Sequence[TensorType], made: Sequence[TensorType]
    ) -> tuple[TensorType, ...]:
        """The output of all steps or the last, and the states if they are wanted."""
        y = made[0]
        if self.return_sequences:
            y = y.with_shape(y.shape[0], sequences.shape[1], *y.shape[1:])
        return (y, *states) if self.return_state else (y,)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _expect_carried(type: TensorType) -> None:
    """What goes from step to step is made of zeros first, as Keras's loop takes it."""
    if type.dtype != "f32" or not type.rank:
        message = f"what a cell gives goes from step to step as f32[N, ...], found {type}"
        raise OpError("dtype-mismatch", message, at="cell", help='`-> cast("f32")` changes the dtype')
    for dim in type.shape[1:]:
        known_size(dim, "a size of a cell's states and output", at="cell")
