"""Owns how the steps of an epoch get their examples: from the device, where they all are, several steps a launch; or
batch by batch, of which the next is taken together while the device works on one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from netwright.backends.xla.data.examples import Examples
    from netwright.backends.xla.data.table import Array
    from netwright.backends.xla.engines.engine import Training
    from netwright.backends.xla.program import Program

T = TypeVar("T")
#: FLOPs that a launch may take before the loop looks up again: about a tenth of a second on two cores
_LAUNCH = 10_000_000_000
_MOST = 256
#: the share of the device's memory that examples may take, and the bytes it is thought to have if it does not say
_SHARE, _ROOM = 0.25, 8 << 30
#: what starts a launch, and how many steps it takes
Launch = tuple[int, Callable[[], None]]


class Feed(Protocol):
    """Gives training its examples."""

    def launches(self, order: Array | None, skip: int) -> Iterator[Launch]:
        """The launches of an epoch in this order of the examples, or as they stand, without its first `skip` steps."""


class ByBatch:
    """A launch takes one step, on a batch brought to the device for it."""

    def __init__(self, training: Training, examples: Examples, size: int, *, whole: bool) -> None:
        self._training = training
        self._examples = examples
        self._size = size
        self._whole = whole

    def launches(self, order: Array | None, skip: int) -> Iterator[Launch]:
        batches = self._examples.batches(self._size, order=order, whole=self._whole, skip=skip)
        for batch in _ahead(batches):
            yield 1, lambda batch=batch: self._training.step(batch)  # type: ignore[misc]


class Resident:
    """All examples are on the device; a launch takes up to `most` steps there. An epoch's short last batch has a launch
    of its own."""

    def __init__(self, training: Training, examples: Examples, size: int, *, whole: bool, most: int) -> None:
        self._training = training
        self._examples = examples
        self._size = size
        self._most = most
        self._rest = ByBatch(training, examples, size, whole=whole)
        training.place_examples(examples)

    def launches(self, order: Array | None, skip: int) -> Iterator[Launch]:
        import numpy as np

        full = len(self._examples) // self._size
        rows = np.arange(len(self._examples)) if order is None else order
        batches = rows[: full * self._size].reshape(full, self._size).astype("int32")
        for first in range(skip, full, self._most):
            count = min(self._most, full - first)
            part = np.zeros((self._most, self._size), "int32")
            part[:count] = batches[first : first + count]
            yield count, lambda part=part, count=count: self._training.steps(part, count)  # type: ignore[misc]
        yield from self._rest.launches(order, max(skip, full))


def feed_of(training: Training, examples: Examples, size: int, *, whole: bool, watched: bool) -> Feed:
    """How training is best fed with batches of this size. `watched`: somebody looks at every step."""
    program = training.objective.program
    most = 1 if watched or not program.engine.loops_steps(program) else _steps_a_launch(program, size)
    if most == 1 or examples.nbytes > _SHARE * (program.engine.room() or _ROOM):
        return ByBatch(training, examples, size, whole=whole)
    return Resident(training, examples, size, whole=whole, most=most)


def _steps_a_launch(program: Program, size: int) -> int:
    flops = program.model.for_one_example(program.model.cost.flops)
    return min(_MOST, max(1, _LAUNCH // max(1, 3 * size * flops))) if isinstance(flops, int) else 1


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, the next one being made in another thread while one is used."""
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, items, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, items, None)
            yield item
