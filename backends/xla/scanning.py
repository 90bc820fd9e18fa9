"""Owns what runs a recurrence directly: the first states, the order of the steps, masks. The loop itself is the
engine's, and what a step does is the program's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.precision import computed_dtype
from netwright.compiler.dims import evaluate
from netwright.compiler.ir import ScanNode
from netwright.compiler.types import TensorType

if TYPE_CHECKING:
    from netwright.backends.keras.objects import Sizes

#: (what the cell gets of a step, states) -> what it gives
Cell = Callable[[Any, Sequence[Any]], Sequence[Any]]
#: a loop of so many steps, as `Engine.scan` has it
Steps = Callable[..., tuple[Sequence[Any], Sequence[Any]]]


class Scan:
    """One recurrence for the sizes of a traced program. The output goes from step to step like a state: a masked step
    gives it again."""

    def __init__(self, node: ScanNode, sizes: Sizes, precision: str) -> None:
        self.node = node
        self.op: Any = node.op
        self.sizes = sizes
        self.precision = precision

    def run(
        self, steps: Steps, cell: Cell, sequences: Any, initial_state: Any = None, mask: Any = None
    ) -> Sequence[Any]:
        """The outputs of the node. Keras's own layer takes the mask that an earlier one left, and leaves it."""
        from keras import layers

        def loop(x: Any, mask: Any = None) -> list[Any]:
            return self._loop(steps, cell, x, initial_state, mask)

        leaves = self.op.return_sequences
        layer = layers.Lambda(loop, mask=lambda x, mask: mask if leaves else None)
        outputs: Sequence[Any] = layer(sequences) if mask is None else layer(sequences, mask=mask)
        return outputs

    def _loop(self, run: Steps, cell: Cell, sequences: Any, initial_state: Any, mask: Any) -> list[Any]:
        from keras import ops

        x = ops.swapaxes(self._cast(sequences, self.node.body.inputs[0].type), 0, 1)
        steps = [x] if mask is None else [x, self._by_steps(mask)]
        if self.op.go_backwards:
            steps = [ops.flip(each, 0) for each in steps]
        first = [self._zeros(self.node.body.outputs[0].type), *self._first_states(initial_state)]
        keep = 1 if self.op.return_sequences else 0

        def step(carried: Sequence[Any], given: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            after = self._step(cell, carried, *given)
            return after, after[:keep]

        (y, *states), kept = run(step, first, steps, first[:keep], x.shape[0])
        if keep:
            y = ops.swapaxes(kept[0], 0, 1)
        return [y, *states] if self.op.return_state else [y]

    def _step(self, cell: Cell, carried: Sequence[Any], x: Any, counts: Any = None) -> Sequence[Any]:
        from keras import ops

        made = cell(x, carried[1:])
        now = [made[0], *made[len(made) - self.node.state_count :]]
        if counts is not None:
            now = [ops.where(counts, new, old) for new, old in zip(now, carried, strict=True)]
        return now

    def _first_states(self, given: Any) -> list[Any]:
        types = [value.type for value in self.node.body.inputs[1 : 1 + self.node.state_count]]
        if given is None:
            return [self._zeros(type) for type in types]
        states = given if isinstance(given, (list, tuple)) else [given]
        return [self._cast(state, type) for state, type in zip(states, types, strict=True)]

    def _zeros(self, type: TensorType) -> Any:
        from keras import ops

        return ops.zeros([evaluate(dim, self.sizes) for dim in type.shape], self._dtype(type))

    def _cast(self, array: Any, type: TensorType) -> Any:
        from keras import ops

        return ops.cast(array, self._dtype(type))

    def _dtype(self, type: TensorType) -> str:
        return computed_dtype(type.dtype, self.precision)

    def _by_steps(self, mask: Any) -> Any:
        """(N, T) or (N, T, 1) as (T, N, 1)."""
        from keras import ops

        return ops.cast(ops.swapaxes(ops.reshape(mask, (*mask.shape[:2], 1)), 0, 1), "bool")
