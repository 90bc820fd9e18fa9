"""Owns what goes through the loop of copies: their arrays, stacked, and the rates that differ between them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from netwright.backends.xla.layout import Layout
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.loops import Loop
from netwright.backends.xla.masks import mask_of
from netwright.compiler.ir import OpNode

Rates = dict[OpNode, Any]
#: one copy: (carried, one entry of each sequence) -> (carried, what is kept of it)
Copy = Callable[[Sequence[Any], Sequence[Any]], tuple[Sequence[Any], Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Looped:
    """What the copies of a loop do not share. weights, state: the paths of their arrays in the first copy. rates: for
    each operator of the first copy that takes one, those of all copies."""

    weights: tuple[str, ...]
    state: tuple[str, ...]
    rates: Rates

    @classmethod
    def of(cls, loop: Loop, layout: Layout, path: str, outer: Rates) -> Looped:
        """`path` is that of the first copy; `outer` are rates that a loop around this one gives."""
        weights = tuple(entry.path for entry in layout.weights if entry.path.startswith(f"{path}/"))
        state = tuple(entry.path for entry in layout.state if entry.path.startswith(f"{path}/"))
        rates = {
            first: _stacked([outer.get(each, getattr(each.op, "rate", None)) for each in nodes])
            for first, nodes in loop.varied.items()
        }
        return cls(weights, state, rates)

    def sequences(self, arrays: Arrays) -> list[Any]:
        """What the loop runs over."""
        return [*(arrays[path] for path in (*self.weights, *self.state)), *self.rates.values()]

    def kept_like(self, arrays: Arrays) -> list[Any]:
        """Arrays like those that a copy keeps: its new state."""
        return [arrays[path][0] for path in self.state]

    def taken_apart(self, given: Sequence[Any]) -> tuple[Arrays, Rates]:
        """One entry of each sequence as the copy's arrays and rates."""
        paths = (*self.weights, *self.state)
        return dict(zip(paths, given, strict=False)), dict(zip(self.rates, given[len(paths) :], strict=True))


def _stacked(rates: Sequence[Any]) -> Any:
    from keras import ops

    return ops.stack([ops.convert_to_tensor(rate, "float32") for rate in rates])


def is_masked(tensors: Sequence[Any]) -> bool:
    """Whether Keras has left a mask on one of them, which a compiled loop would not carry."""
    return any(mask_of(tensor) is not None for tensor in tensors)


def one_by_one(copy: Copy, carried: Sequence[Any], sequences: Sequence[Any], count: int) -> tuple[Sequence[Any], Any]:
    """The loop laid out, copy after copy."""
    from keras import ops

    kept = []
    for index in range(count):
        carried, each = copy(carried, [sequence[index] for sequence in sequences])
        kept.append(each)
    return carried, [ops.stack(arrays) for arrays in zip(*kept, strict=True)]
