"""Owns how the arrays of a program are laid out: one by one, as whoever saves, loads and fills them has them, or those
of a loop's copies as one, stacked along a first axis. Copies go by the path of the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from netwright.backends.xla.loops import Loop, Loops
from netwright.backends.xla.sites import Homes, Site
from netwright.backends.xla.slots import Slot
from netwright.compiler.ir import BodyNode, Graph, Node, OpNode
from netwright.compiler.layer_table import is_wrapper

if TYPE_CHECKING:
    from netwright.backends.xla.leaves import Arrays


#: regularizers that are sums over the numbers of an array, so of all copies at once
_SUMS = frozenset({"L1", "L2", "L1L2"})


@dataclass(frozen=True, slots=True)
class Place:
    """An array of the program: its path, and the slot of the leaf that takes it."""

    path: str
    site: Site
    slot: Slot


@dataclass(frozen=True, slots=True)
class Entry:
    """An array that the program's functions take: that of one place, or those of the same place in all copies of a
    loop. counts: the first axes, one for each loop around it, outermost first."""

    places: tuple[Place, ...]
    counts: tuple[int, ...] = ()

    @property
    def path(self) -> str:
        return self.places[0].path

    @property
    def slot(self) -> Slot:
        return self.places[0].slot

    def is_apart(self, arrays: Mapping[str, Any]) -> bool:
        """Whether the copies stand in `arrays` one by one."""
        return len(self.places) > 1 and self.places[1].path in arrays

    def stacked(self, arrays: Mapping[str, Any]) -> Any:
        """The entry's array, of arrays laid out either way."""
        if not self.is_apart(arrays):
            return arrays[self.path]
        copies = [arrays[place.path] for place in self.places]
        if all(isinstance(copy, np.ndarray) for copy in copies):
            return np.stack(copies).reshape(*self.counts, *copies[0].shape)
        from keras import ops

        return ops.reshape(ops.stack(copies), (*self.counts, *copies[0].shape))

    def penalty(self, arrays: Mapping[str, Any]) -> Any:
        """What the entry's regularizer adds to the loss."""
        regularizer, array = self.slot.variable.regularizer, self.stacked(arrays)
        if type(regularizer).__name__ in _SUMS:
            return regularizer(array)
        return sum(map(regularizer, self.copies(array).values()))

    def copies(self, array: Any) -> Arrays:
        """The copies by their paths."""
        if not self.counts:
            return {self.path: array}
        indices = product(*map(range, self.counts))
        return {place.path: array[index] for place, index in zip(self.places, indices, strict=True)}


class Layout:
    """The entries of a program, in order of execution."""

    def __init__(self, places: Sequence[Place], graph: Graph, loops: Loops) -> None:
        slots: dict[str, list[Place]] = {}
        for place in places:
            slots.setdefault(place.site.path, []).append(place)
        self._loops = loops
        found = dict(_Walk(loops, Homes()).graph(graph, "", alone=False))
        entries = [
            Entry(copies, counts)
            for paths, counts in found.items()
            for copies in zip(*(slots.get(path, ()) for path in paths), strict=True)
        ]
        self.weights = tuple(entry for entry in entries if entry.slot.trainable)
        self.state = tuple(entry for entry in entries if not entry.slot.trainable)

    def paths_in(self, graph: Graph, prefix: str, homes: Homes, *, alone: bool) -> set[str]:
        """The paths of all arrays that a call of the graph takes, shared layers' too. `homes` are found in it."""
        found = {path for paths, _ in _Walk(self._loops, homes).graph(graph, prefix, alone=alone) for path in paths}
        return {entry.path for entry in self.entries if entry.places[0].site.path in found}

    @property
    def entries(self) -> tuple[Entry, ...]:
        return (*self.weights, *self.state)

    def split(self, arrays: Mapping[str, Any]) -> tuple[Arrays, Arrays]:
        """(weights, state) of arrays laid out either way."""
        weights = {entry.path: entry.stacked(arrays) for entry in self.weights}
        return weights, {entry.path: entry.stacked(arrays) for entry in self.state}

    def as_in(self, held: Mapping[str, Any], arrays: Mapping[str, Any]) -> Arrays:
        """Arrays laid out either way as those held are."""
        return {
            path: arrays[path] if entry.is_apart(held) else entry.stacked(arrays)
            for entry in self.entries
            for path in ([place.path for place in entry.places] if entry.is_apart(held) else [entry.path])
        }

    def one_by_one(self, arrays: Mapping[str, Any]) -> Arrays:
        """Arrays laid out either way, each by itself; all are NumPy's."""
        found: Arrays = {}
        for entry in self.entries:
            apart = entry.is_apart(arrays)
            found |= {p.path: arrays[p.path] for p in entry.places} if apart else entry.copies(arrays[entry.path])
        return found


#: the paths of an operator in all copies, outermost first, and how many there are in each loop
_Copies = tuple[tuple[str, ...], tuple[int, ...]]


class _Walk:
    def __init__(self, loops: Loops, homes: Homes) -> None:
        self.loops = loops
        self.homes = homes

    def graph(self, graph: Graph, prefix: str, *, alone: bool) -> Iterator[_Copies]:
        for step, paths in self.loops.walk(self.homes, graph, prefix, alone):
            yield from self.loop(step, paths) if isinstance(step, Loop) else self.node(step, paths)

    def node(self, node: Node, paths: tuple[str, ...]) -> Iterator[_Copies]:
        if isinstance(node, OpNode):
            yield paths, ()
        elif isinstance(node, BodyNode):
            for path in paths:
                yield from self.graph(node.body, path, alone=is_wrapper(node))

    def loop(self, loop: Loop, paths: tuple[str, ...]) -> Iterator[_Copies]:
        alone = is_wrapper(loop.nodes[0])
        bodies = zip(loop.bodies, paths, strict=True)
        copies = [list(self.graph(body, path, alone=alone)) for body, path in bodies]
        for same in zip(*copies, strict=True):
            yield tuple(path for paths, _ in same for path in paths), (len(same), *same[0][1])
