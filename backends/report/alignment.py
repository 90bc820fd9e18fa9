"""Owns where the cells of a layered layout stand from left to right: each as near to its neighbours above and below as
the order of its rank allows, chains straight. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from netwright.backends.report.ranking import LARGE, Layers, Segment

#: between cells of a rank, between an edge that passes and its neighbour
CELL_GAP, DUMMY_GAP = 26.0, 16.0
_SWEEPS = 48
#: with more vertices than this, fewer sweeps must do
_MANY = 2_000
#: a move that nobody sees
_STILL = 0.05
#: how much a segment wants to be straight, by how many of its ends are dummies
_STRAIGHT = (4.0, 1.0, 8.0)


@dataclass(slots=True)
class Cell:
    """A box to place. `ins` and `outs` are the offsets of its ports from its left side, one for all where there is
    one only; `tail` is the room that it needs to the right of its middle. `x`, `y`: its upper left corner."""

    width: float
    height: float
    ins: list[float] = field(default_factory=list)
    outs: list[float] = field(default_factory=list)
    tail: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def input_at(self, port: int | None) -> float:
        """The offset of an in-port from the middle."""
        return 0.0 if port is None or not self.ins else self.ins[min(port, len(self.ins) - 1)] - self.width / 2

    def output_at(self, port: int | None) -> float:
        """The offset of an out-port from the middle."""
        return 0.0 if port is None or not self.outs else self.outs[min(port, len(self.outs) - 1)] - self.width / 2


def middle(cell: Cell) -> float:
    """The x of its middle."""
    return cell.x + cell.width / 2


def middles(found: Layers, cells: Sequence[Cell]) -> list[float]:
    """The x of each vertex's middle: sweeps down and up, as in Gansner et al. 1993, section 4.1."""
    found_at = [0.0] * len(cells)
    gaps = [_gaps(found, cells, rank) for rank in found.ranks]
    levels = list(zip(found.ranks, gaps, strict=True))
    for rank, between in levels:
        for vertex, x in zip(rank, _apart([0.0] * len(rank), [1.0] * len(rank), between), strict=True):
            found_at[vertex] = x
    still = 0
    for sweep in range(_SWEEPS if len(cells) < _MANY else 2 if len(cells) > LARGE else 8):
        down = sweep % 2 == 0
        moved = [_align(found, cells, found_at, level, down=down) for level in (levels if down else reversed(levels))]
        still = still + 1 if max(moved, default=0.0) < _STILL else 0
        if still == 2:
            break
    _straighten(found, cells, found_at, dict(_neighbours(found, gaps)))
    return found_at


def _align(
    found: Layers, cells: Sequence[Cell], x: list[float], level: tuple[list[int], list[float]], *, down: bool
) -> float:
    """Move a rank as near as it can to where its vertices want to be; returns how far one moved at most."""
    rank, gaps = level
    wanted = [_wanted(found, cells, x, vertex, down=down) for vertex in rank]
    places = _apart([target for target, _ in wanted], [weight for _, weight in wanted], gaps)
    moved = max(abs(x[vertex] - place) for vertex, place in zip(rank, places, strict=True))
    for vertex, place in zip(rank, places, strict=True):
        x[vertex] = place
    return moved


def _gaps(found: Layers, cells: Sequence[Cell], rank: Sequence[int]) -> list[float]:
    """How far apart the middles of neighbours must be."""
    gaps = []
    for one, other in pairwise(rank):
        dummy = one >= found.count or other >= found.count
        free = DUMMY_GAP if dummy else CELL_GAP
        gaps.append(max(cells[one].width / 2, cells[one].tail) + cells[other].width / 2 + free)
    return gaps


def _wanted(
    found: Layers, cells: Sequence[Cell], middles: Sequence[float], vertex: int, *, down: bool
) -> tuple[float, float]:
    """Where a vertex would stand if it were alone: the weighted median of where its neighbours' ports are."""
    targets = []
    for segment in found.above[vertex] if down else found.below[vertex]:
        bend = cells[segment.upper].output_at(segment.output) - cells[segment.lower].input_at(segment.input)
        x = middles[segment.upper] + bend if down else middles[segment.lower] - bend
        targets.append((x, _straightness(found, segment)))
    if not targets:
        return middles[vertex], 0.05
    return _median(targets), sum(weight for _, weight in targets)


def _straightness(found: Layers, segment: Segment) -> float:
    return _STRAIGHT[(segment.upper >= found.count) + (segment.lower >= found.count)]


def _median(targets: list[tuple[float, float]]) -> float:
    targets.sort()
    half, passed = sum(weight for _, weight in targets) / 2, 0.0
    for index, (x, weight) in enumerate(targets):
        passed += weight
        if passed > half or index + 1 == len(targets):
            return x
        if passed == half:
            return (x + targets[index + 1][0]) / 2
    return 0.0


def _apart(wanted: Sequence[float], weights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones (least squares) with the gaps kept: pool adjacent violators."""
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    blocks: list[tuple[float, float, int]] = []  # sum of weight * place, weight, members
    for target, weight, offset in zip(wanted, weights, offsets, strict=False):
        total, heavy, members = (target - offset) * weight, weight, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / heavy:
            before = blocks.pop()
            total, heavy, members = total + before[0], heavy + before[1], members + before[2]
        blocks.append((total, heavy, members))
    places = [total / heavy for total, heavy, members in blocks for _ in range(members)]
    return [place + offset for place, offset in zip(places, offsets, strict=False)]


# ---------------------------------------------------------------- chains


#: the vertices to the left and right in the rank, each with the gap to keep; None at the ends
_Neighbours = tuple[tuple[int, float] | None, tuple[int, float] | None]


def _neighbours(found: Layers, gaps: Sequence[Sequence[float]]) -> Iterator[tuple[int, _Neighbours]]:
    for rank, between in zip(found.ranks, gaps, strict=True):
        for index, vertex in enumerate(rank):
            left = (rank[index - 1], between[index - 1]) if index else None
            right = (rank[index + 1], between[index]) if index + 1 < len(rank) else None
            yield vertex, (left, right)


def _straighten(found: Layers, cells: Sequence[Cell], x: list[float], neighbours: dict[int, _Neighbours]) -> None:
    """Put each chain on one line where its neighbours leave room for that."""
    for chain in _chains(found, cells):
        low, high = float("-inf"), float("inf")
        for vertex, bend in chain:
            left, right = neighbours[vertex]
            low = low if left is None else max(low, x[left[0]] + left[1] - bend)
            high = high if right is None else min(high, x[right[0]] - right[1] - bend)
        if low <= high:
            lines = sorted(x[vertex] - bend for vertex, bend in chain)
            line = min(max(lines[len(lines) // 2], low), high)
            for vertex, bend in chain:
                x[vertex] = line + bend


def _chains(found: Layers, cells: Sequence[Cell]) -> Iterator[list[tuple[int, float]]]:
    """Vertices that lead on to one another, each with how far its middle is from the line through their ports."""
    follows: dict[int, Segment] = {}
    for vertex in range(len(found.rank)):
        segment = _main(found, found.below[vertex])
        if segment is not None and _main(found, found.above[segment.lower]) == segment:
            follows[vertex] = segment
    inner = {segment.lower for segment in follows.values()}
    for first in [vertex for vertex in follows if vertex not in inner]:
        chain, bend, segment = [(first, 0.0)], 0.0, follows.get(first)
        while segment is not None:
            bend += cells[segment.upper].output_at(segment.output) - cells[segment.lower].input_at(segment.input)
            chain.append((segment.lower, bend))
            segment = follows.get(segment.lower)
        yield chain


def _main(found: Layers, segments: Sequence[Segment]) -> Segment | None:
    """The one segment that should be straight, if there is one."""
    if len(segments) < 2:
        return segments[0] if segments else None
    heaviest = max(_straightness(found, segment) for segment in segments)
    heavy = [segment for segment in segments if _straightness(found, segment) == heaviest]
    return heavy[0] if len(heavy) == 1 else None
