"""Owns examples in memory: their parts for training, validation and test, and the order of batches in an epoch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.data.table import DataFault
from netwright.backends.xla.engines.engine import Batch

if TYPE_CHECKING:
    from netwright.backends.xla.data.table import Array


@dataclass(frozen=True, slots=True)
class Examples:
    """Arrays by input and by target (the output's name), examples along the first axis."""

    inputs: dict[str, Array]
    targets: dict[str, Array]

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    @property
    def nbytes(self) -> int:
        return sum(array.nbytes for array in (*self.inputs.values(), *self.targets.values()))

    def take(self, chosen: Any) -> Examples:
        """The examples that an index array or slice chooses."""
        inputs = {name: array[chosen] for name, array in self.inputs.items()}
        return Examples(inputs, {name: array[chosen] for name, array in self.targets.items()})

    def batches(self, size: int, *, order: Array | None = None, whole: bool = False, skip: int = 0) -> Iterator[Batch]:
        """Batches in the order given, else as the examples stand, without the first `skip`; the last one is shorter
        unless `whole` leaves it out."""
        end = len(self) - len(self) % size if whole else len(self)
        for start in range(skip * size, end, size):
            stop = min(start + size, end)
            part = self.take(slice(start, stop) if order is None else order[start:stop])
            yield Batch(part.inputs, part.targets)


@dataclass(frozen=True, slots=True)
class Data:
    """All examples of a training. `classes` lists the words behind class numbers, by output. `shuffled`: the order of
    the training examples changes from epoch to epoch."""

    train: Examples
    validation: Examples | None
    test: Examples | None
    shuffled: bool = True
    classes: dict[str, list[str]] = field(default_factory=dict)

    def order(self, seed: int, epoch: int) -> Array | None:
        """The order of the training examples in an epoch: it follows from seed and epoch alone, so that a run that goes
        on takes the same."""
        import numpy as np

        return np.random.default_rng([seed, epoch]).permutation(len(self.train)) if self.shuffled else None


def split(examples: Examples, validation: float, test: float, *, seed: int | None) -> tuple[Examples | None, ...]:
    """(train, validation, test): shares of the examples in random order, or without a seed from the end of the file."""
    import numpy as np

    count = len(examples)
    held = [max(1, round(count * share)) if share else 0 for share in (validation, test)]
    train = count - sum(held)
    if train < 1:
        raise DataFault(f"the split leaves nothing to train on: {count} examples, {held[0]} and {held[1]} held back")
    order = np.arange(count) if seed is None else np.random.default_rng(seed).permutation(count)
    parts = np.split(order, [train, train + held[0]])
    return tuple(examples.take(part) if len(part) else None for part in parts)
