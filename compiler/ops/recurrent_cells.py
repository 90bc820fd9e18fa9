"""Owns recurrent cells, each one step of a sequence, stacks of them, and `rnn`, which runs either. A cell applied by
itself takes its states by keyword: `x -> lstm_cell(4)(states=[h, c])` gives (y, h, c).

The states of stacked cells stand one after another, where Keras has a list for each cell of several states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import TYPES, AttributeFault, AttributeType, call
from netwright.compiler.ops.gates import CONSTRAINTS, DROPOUT, INITIALIZERS, REGULARIZERS, Gates, GRUGates, LSTMGates
from netwright.compiler.ops.op import OpError, Tensors, Weight, expect_rank, known_size
from netwright.compiler.ops.recurrence import Recurrence, Steps, expect_droppable, expect_states, step_of
from netwright.compiler.ops.tensor_rules import expect_numbers
from netwright.compiler.ops.wrapping import blamed, expect_inner, nested
from netwright.compiler.types import TensorType


class Cell(Steps, abstract=True):
    """y, s' = cell(x, s); x: (N, d) → y: (N, units), and the states, (N, units) each."""

    operands = ("inputs",)
    nests = True
    states: Tensors | None = call()

    def infer(self, inputs: TensorType, states: Tensors | None = None) -> tuple[TensorType, ...]:
        expect_numbers(inputs)
        expect_droppable(self, inputs)
        expect_rank(inputs, 2)
        known_size(inputs.shape[1], "the number of features")
        if states is None:
            names = ", ".join(f"s{number + 1}" for number in range(self.state_count))
            help = f"write `{self.name_in_flow}(...)(states=[{names}])`, or run it over a sequence: `rnn(...)`"
            raise OpError("missing-argument", "the states of the step before are not given", help=help)
        wanted = self.step_states(inputs)
        self.expect_flat("states")
        expect_states(self, wanted, states, "states")
        return (self.step_output(inputs), *wanted)

    def expect_flat(self, at: str) -> None:
        """States may be given, for Keras takes them one after another."""

    def macs(self, inputs: TensorType, *_: TensorType, **__: object) -> Dim:
        return self.step_macs(inputs)

    def elementwise(self, inputs: TensorType, *_: TensorType, **__: object) -> Dim:
        return self.step_elementwise(inputs)

    def residuals(self, inputs: TensorType, *_: TensorType) -> Dim:
        return self.step_residuals(inputs)


class SimpleRNNCell(Gates, Cell):
    """h' = activation(x W + h U + b); x: (N, d) → y = h': (N, units)."""

    order = ("units", "activation", "use_bias", *INITIALIZERS, *REGULARIZERS, *CONSTRAINTS, *DROPOUT, "seed")

    def infer(self, inputs: TensorType, states: Tensors | None = None) -> tuple[TensorType, ...]:
        given = next((name for name in DROPOUT if getattr(self, name)), None)
        if given is not None:
            message = "a simple_rnn_cell by itself keeps what it drops, so that Keras cannot run the model"
            raise OpError("invalid-argument", message, at=given, help="run it over a sequence: `rnn(...)`")
        return super().infer(inputs, states)


class LSTMCell(LSTMGates, Cell):
    """c' = f c + i tanh(x W_c + h U_c + b_c), h' = o tanh(c'); x: (N, d) → y = h': (N, units), states h', c'."""

    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *INITIALIZERS, "unit_forget_bias"),
        *(*REGULARIZERS, *CONSTRAINTS, *DROPOUT, "seed"),
    )


class GRUCell(GRUGates, Cell):
    """h' = z h + (1 - z) tanh(x W_h + r (h U_h + c_h) + b_h); x: (N, d) → y = h': (N, units)."""

    order = (
        *("units", "activation", "recurrent_activation", "use_bias", *INITIALIZERS),
        *(*REGULARIZERS, *CONSTRAINTS, *DROPOUT, "reset_after", "seed"),
    )


# ---------------------------------------------------------------- stacks


class _CellsType(AttributeType):
    """Two cells or more."""

    expected = "a list of two cells or more, such as [lstm_cell(4), lstm_cell(8)]"

    def convert(self, value: Any, owner: Any) -> Any:
        if not (isinstance(value, tuple) and all(isinstance(item, Cell) for item in value)):
            raise self.fault()
        if len(value) < 2:  # Keras's JAX backend does not run such a stack
            raise self.fault("give one cell by itself, without a list" if value else None)
        return value


class _CellType(AttributeType):
    """A cell, or a list of cells that are stacked."""

    expected = "a cell such as lstm_cell(64), or a list of cells"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, Cell):
            return value
        try:
            return TYPES["Cells"].convert(value, owner)
        except AttributeFault as fault:
            raise self.fault(fault.help or "`recurrent(...)` runs a cell that is a block") from None


TYPES |= {"Cells": _CellsType(), "CellArgument": _CellType()}

# what type checkers see behind the annotation names
Cells = tuple[Cell, ...]
CellArgument = Cell | Cells


class StackedRNNCells(Cell):
    """Cells one upon another, each with the output of the one below: y = cell_k(... cell_1(x)); x: (N, d) → y: (N, u),
    u the units of the last, and the states of all."""

    cells: Cells

    @property
    def state_count(self) -> int:
        return sum(cell.state_count for cell in self.cells)

    def steps(self, x: TensorType) -> Iterator[tuple[Cell, TensorType]]:
        """Each cell with what it gets."""
        for cell in self.cells:
            x = cell.prepare(x)
            yield cell, x
            x = cell.step_output(x)

    def step_states(self, x: TensorType) -> tuple[TensorType, ...]:
        return tuple(state for cell, step in self.steps(x) for state in cell.step_states(step))

    def step_output(self, x: TensorType) -> TensorType:
        *_, (last, step) = self.steps(x)
        return last.step_output(step)

    def weights(self, inputs: TensorType, **_: object) -> Iterable[Weight]:
        for number, (cell, step) in enumerate(self.steps(inputs)):
            yield from nested(f"cell_{number}/", cell.weights(step), cell.trainable)

    def step_macs(self, x: TensorType) -> Dim:
        return sum((cell.step_macs(step) for cell, step in self.steps(x)), start=0)

    def step_elementwise(self, x: TensorType) -> Dim:
        return sum((cell.step_elementwise(step) for cell, step in self.steps(x)), start=0)

    def step_residuals(self, x: TensorType) -> Dim:
        return sum((cell.step_residuals(step) for cell, step in self.steps(x)), start=0)

    def expect_flat(self, at: str) -> None:
        several = next((cell.name_in_flow for cell in self.cells if cell.state_count > 1), None)
        if several is not None:
            message = f"the states of a stack with {several}, which has several, cannot be given yet"
            help = "give the states to layers of their own: `lstm(4, return_sequences=true) -> lstm(8)`"
            raise OpError("not-supported", message, at=at, help=help)


class RNN(Recurrence):
    """y_t, s_t = cell(x_t, s_(t-1)); x: (N, T, d) → y: (N, units), or (N, T, units) with return_sequences; return_state
    adds the states of the cell, or those of all cells of a stack one after another."""

    cell: CellArgument
    zero_output_for_mask: bool = False
    order = ("cell", "return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")

    @property
    def one_cell(self) -> Cell:
        """The cell, or the stack that a list of cells is."""
        return StackedRNNCells({"cells": self.cell}) if isinstance(self.cell, tuple) else self.cell

    @property
    def nests(self) -> bool:  # type: ignore[override]
        return self.return_state and isinstance(self.one_cell, StackedRNNCells)

    @property
    def state_count(self) -> int:
        return self.one_cell.state_count

    def infer(
        self, sequences: TensorType, initial_state: Tensors | None = None, mask: TensorType | None = None
    ) -> TensorType | tuple[TensorType, ...]:
        if initial_state is not None:
            self.one_cell.expect_flat("initial_state")
        outputs = super().infer(sequences, initial_state, mask)
        with blamed("cell", self.one_cell):
            self._expect_runs(step_of(sequences))
        return outputs

    def _expect_runs(self, x: TensorType) -> None:
        """Each cell takes what it gets of a step; what the first drops is drawn before its input is cast."""
        cell = self.one_cell
        steps = list(cell.steps(x)) if isinstance(cell, StackedRNNCells) else [(cell, cell.prepare(x))]
        expect_droppable(steps[0][0], x)
        for inner, step in steps:
            expect_droppable(inner, step)
            expect_inner(inner, step, *inner.step_states(step))

    def step_states(self, x: TensorType) -> tuple[TensorType, ...]:
        states = self.one_cell.step_states(self.one_cell.prepare(x))
        return tuple(state.with_dtype(self.compute_dtype) for state in states)

    def step_output(self, x: TensorType) -> TensorType:
        return self.one_cell.step_output(self.one_cell.prepare(x)).with_dtype(self.compute_dtype)

    def weights(self, sequences: TensorType, **_: object) -> Iterable[Weight]:
        step = sequences.with_shape(sequences.shape[0], *sequences.shape[2:])
        cell = self.one_cell
        trainable = cell.trainable or isinstance(cell, StackedRNNCells)  # Keras looks at each cell of a stack alone
        return nested("", cell.weights(cell.prepare(step)), trainable)

    def step_macs(self, x: TensorType) -> Dim:
        return self.one_cell.step_macs(x)

    def step_elementwise(self, x: TensorType) -> Dim:
        return self.one_cell.step_elementwise(x)

    def step_residuals(self, x: TensorType) -> Dim:
        return self.one_cell.step_residuals(x)
