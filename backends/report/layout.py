"""Owns the second half of a layered layout: coordinates. Cells stand in ranks from top to bottom, each as near under
its neighbours as the order allows; an edge runs straight down through ranks and bends only between them, so it crosses
no cell. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netwright.backends.report.ranking import LARGE, Layers, Link, Segment, layers

#: between cells of a rank, between an edge that passes and its neighbour, between ranks
CELL_GAP, DUMMY_GAP, RANK_GAP = 26.0, 16.0, 36.0
#: how much nearer the ports of a box are to what is in it
PORTS_NEARER = 14.0
_SWEEPS = 12
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


#: points of an edge: from an even one straight down to the odd one, from there a bend to the next
Route = list[tuple[float, float]]


@dataclass(slots=True)
class Placed:
    """What a layout came to: the cells have their places, routes are in the order of the links. `turned` are the links
    whose routes have corners instead of bends; `extents` the leftmost and rightmost x of each rank."""

    width: float
    height: float
    routes: list[Route]
    layers: Layers
    tops: list[float]
    bottoms: list[float]
    extents: list[tuple[float, float]]
    turned: set[int] = field(default_factory=set)


def place(cells: Sequence[Cell], links: Sequence[Link], first: int = 0, last: int = 0) -> Placed:
    """Give each cell its place. The `first` cells stand above all others, the `last` below (ports of a box)."""
    found = layers(len(cells), links, first, last)
    vertices = [*cells, *(Cell(0, 0) for _ in range(len(found.rank) - len(cells)))]
    middles = _middles(found, vertices)
    left = min((x - cell.width / 2 for x, cell in zip(middles, vertices, strict=True)), default=0.0)
    for x, cell in zip(middles, vertices, strict=True):
        cell.x = x - left - cell.width / 2
    tops, bottoms = _stack(found, vertices, first, last)
    routes = [_route(found, vertices, link, tops, bottoms) for link in links]
    _part_arrivals(cells, links, routes)
    extents = [(min(vertices[v].x for v in rank), max(_right(vertices[v]) for v in rank)) for rank in found.ranks]
    width = max((right for _, right in extents), default=0.0)
    return Placed(width, bottoms[-1] if bottoms else 0.0, routes, found, tops, bottoms, extents)


def middle(cell: Cell) -> float:
    """The x of its middle."""
    return cell.x + cell.width / 2


def _right(cell: Cell) -> float:
    return cell.x + max(cell.width, cell.width / 2 + cell.tail)


# ---------------------------------------------------------------- across


def _middles(found: Layers, cells: Sequence[Cell]) -> list[float]:
    """The x of each vertex's middle: sweeps down and up, as in Gansner et al. 1993, section 4.1."""
    middles = [0.0] * len(cells)
    gaps = [_gaps(found, cells, rank) for rank in found.ranks]
    for rank, between in zip(found.ranks, gaps, strict=True):
        for vertex, x in zip(rank, _apart([0.0] * len(rank), [1.0] * len(rank), between), strict=True):
            middles[vertex] = x
    levels = list(zip(found.ranks, gaps, strict=True))
    for sweep in range(_SWEEPS if len(cells) < LARGE else 2):
        for rank, between in levels if sweep % 2 == 0 else reversed(levels):
            wanted, weights = [], []
            for vertex in rank:
                target, weight = _wanted(found, cells, middles, vertex, down=sweep % 2 == 0)
                wanted.append(target)
                weights.append(weight)
            for vertex, x in zip(rank, _apart(wanted, weights, between), strict=True):
                middles[vertex] = x
    return middles


def _gaps(found: Layers, cells: Sequence[Cell], rank: Sequence[int]) -> list[float]:
    """How far apart the middles of neighbours must be."""
    gaps = []
    for one, other in zip(rank, rank[1:], strict=False):
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


# ---------------------------------------------------------------- down


def _stack(found: Layers, cells: Sequence[Cell], first: int, last: int) -> tuple[list[float], list[float]]:
    """Top and bottom of each rank; cells are put in the middle of theirs. Far bends get more room, ports less."""
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for index, rank in enumerate(found.ranks):
        height = max(cells[vertex].height for vertex in rank)
        for vertex in rank:
            cells[vertex].y = y + (height - cells[vertex].height) / 2
        tops.append(y)
        bottoms.append(y + height)
        at_ports = (first and index == 0) or (last and index == len(found.ranks) - 2)
        y += height + RANK_GAP + _farthest(found, cells, rank) - (PORTS_NEARER if at_ports else 0)
    return tops, bottoms


def _farthest(found: Layers, cells: Sequence[Cell], rank: Sequence[int]) -> float:
    spans = [abs(middle(cells[s.upper]) - middle(cells[s.lower])) for vertex in rank for s in found.below[vertex]]
    return min(36.0, max(spans, default=0.0) / 12)


def _route(found: Layers, cells: Sequence[Cell], link: Link, tops: list[float], bottoms: list[float]) -> Route:
    source, target = cells[link.source], cells[link.target]
    x = middle(source) + source.output_at(link.output)
    points = [(x, source.y + source.height), (x, bottoms[found.rank[link.source]])]
    for dummy in found.path(link):
        points += [(middle(cells[dummy]), tops[found.rank[dummy]]), (middle(cells[dummy]), bottoms[found.rank[dummy]])]
    x = middle(target) + target.input_at(link.input)
    return [*points, (x, tops[found.rank[link.target]]), (x, target.y)]


def _part_arrivals(cells: Sequence[Cell], links: Sequence[Link], routes: list[Route]) -> None:
    """Edges into a cell without ports of its own end side by side, in the order in which they come."""
    arriving: dict[int, list[int]] = {}
    for index, link in enumerate(links):
        if not cells[link.target].ins:
            arriving.setdefault(link.target, []).append(index)
    for target, indices in arriving.items():
        indices.sort(key=lambda index: routes[index][-3][0])
        center = middle(cells[target])
        straight = [abs(routes[index][-3][0] - center) < 1 for index in indices]
        centre = straight.index(True) if any(straight) else (len(indices) - 1) / 2
        step = min(18.0, 0.8 * cells[target].width / 2 / max(1.0, centre, len(indices) - 1 - centre))
        for slot, index in enumerate(indices):
            x = center + (slot - centre) * step
            routes[index][-2:] = [(x, routes[index][-2][1]), (x, routes[index][-1][1])]
