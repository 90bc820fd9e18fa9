"""Owns the first half of a layered layout (Sugiyama, Tagawa and Toda 1981): which rank each vertex stands in, dummy
vertices where an edge passes a rank, and the order within ranks. Knows no coordinates."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 12
#: with more vertices than this, two sweeps must do
LARGE = 20_000


@dataclass(frozen=True, slots=True)
class Link:
    """An edge to lay out; sources come before targets."""

    source: int
    output: int
    target: int
    input: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of an edge between neighbouring ranks; ports are None at dummies."""

    upper: int
    output: int | None
    lower: int
    input: int | None


@dataclass(slots=True)
class Layers:
    """Vertices by rank, left to right; those from `count` on are dummies. `chains` are the dummies that the edges from
    an output share, `above` and `below` each vertex's segments."""

    count: int
    rank: list[int]
    ranks: list[list[int]] = field(default_factory=list)
    chains: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    above: list[list[Segment]] = field(default_factory=list)
    below: list[list[Segment]] = field(default_factory=list)

    def path(self, link: Link) -> list[int]:
        """The dummies that an edge passes."""
        length = self.rank[link.target] - self.rank[link.source] - 1
        return self.chains[link.source, link.output][:length] if length > 0 else []

    def last_before(self, link: Link) -> int:
        """The dummy, or the source, from which an edge reaches its target."""
        length = self.rank[link.target] - self.rank[link.source] - 1
        return self.chains[link.source, link.output][length - 1] if length > 0 else link.source


def layers(count: int, links: Sequence[Link], first: int = 0, last: int = 0) -> Layers:
    """The layers of `count` vertices; the `first` ones stand in a rank of their own above all others, the
    `last` ones below."""
    found = Layers(count, _ranks(count, links, first, last))
    _add_dummies(found, links)
    found.ranks = [[] for _ in range(max(found.rank, default=-1) + 1)]
    for vertex, rank in enumerate(found.rank):
        found.ranks[rank].append(vertex)
    _order(found)
    return found


def _ranks(count: int, links: Sequence[Link], first: int, last: int) -> list[int]:
    """Each vertex as high as its sources allow; what nothing else feeds moves down to its only reader."""
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for link in links:
        sources[link.target].append(link.source)
        targets[link.source].append(link.target)
    rank = [0] * count
    for vertex in range(first, count):
        rank[vertex] = max((rank[source] + 1 for source in sources[vertex]), default=1 if first else 0)
    loose = [False] * count
    for vertex in range(first, count - last):
        loose[vertex] = all(loose[source] and len(set(targets[source])) == 1 for source in sources[vertex])
    for vertex in reversed(range(first, count - last)):
        if loose[vertex] and targets[vertex]:
            rank[vertex] = min(rank[target] for target in targets[vertex]) - 1
    if last:
        rank[count - last :] = [max(rank) if max(rank) > max(rank[: count - last]) else max(rank) + 1] * last
    return rank


def _add_dummies(found: Layers, links: Sequence[Link]) -> None:
    reach: dict[tuple[int, int], int] = {}
    for link in links:
        key = (link.source, link.output)
        reach[key] = max(reach.get(key, 0), found.rank[link.target])
    segments: dict[Segment, None] = {}
    for (source, output), lowest in reach.items():
        between = range(found.rank[source] + 1, lowest)
        chain = list(range(len(found.rank), len(found.rank) + len(between)))
        found.rank.extend(between)
        found.chains[source, output] = chain
        for upper, lower in pairwise([source, *chain]):
            segments[Segment(upper, output if upper == source else None, lower, None)] = None
    for link in links:
        upper = found.last_before(link)
        segments[Segment(upper, link.output if upper == link.source else None, link.target, link.input)] = None
    found.above = [[] for _ in found.rank]
    found.below = [[] for _ in found.rank]
    for segment in segments:
        found.below[segment.upper].append(segment)
        found.above[segment.lower].append(segment)


# ---------------------------------------------------------------- order


def _order(found: Layers) -> None:
    """Sweep down and up, each vertex to the mean of its neighbours; the order with the fewest crossings stays."""
    if all(len(rank) == 1 for rank in found.ranks):
        return
    position = [0.0] * len(found.rank)
    for rank in found.ranks:
        _number(rank, position)
    best, fewest = [list(rank) for rank in found.ranks], _crossings(found, position)
    for sweep in range(SWEEPS if len(found.rank) < LARGE else 2):
        for rank in found.ranks if sweep % 2 == 0 else reversed(found.ranks):
            wanted = {vertex: _mean(found, vertex, position, down=sweep % 2 == 0) for vertex in rank}
            rank.sort(key=wanted.__getitem__)
            _number(rank, position)
        crossings = _crossings(found, position)
        if crossings < fewest:
            best, fewest = [list(rank) for rank in found.ranks], crossings
    found.ranks = best


def _number(rank: list[int], position: list[float]) -> None:
    for index, vertex in enumerate(rank):
        position[vertex] = index


def _mean(found: Layers, vertex: int, position: list[float], *, down: bool) -> float:
    segments = found.above[vertex] if down else found.below[vertex]
    if not segments:
        return position[vertex]
    return sum(_end(position, segment, upper=down) for segment in segments) / len(segments)


def _end(position: list[float], segment: Segment, *, upper: bool) -> float:
    """Where a segment ends in a rank; a later port lies a little to the right."""
    vertex, port = (segment.upper, segment.output) if upper else (segment.lower, segment.input)
    return position[vertex] + min(port or 0, 50) / 100


def _crossings(found: Layers, position: list[float]) -> int:
    total = 0
    for rank in found.ranks:
        ends = sorted(
            (_end(position, segment, upper=True), _end(position, segment, upper=False))
            for vertex in rank
            for segment in found.below[vertex]
        )
        passed: list[float] = []
        for _, lower in ends:
            total += len(passed) - bisect_right(passed, lower)
            insort(passed, lower)
    return total
