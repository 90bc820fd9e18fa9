"""Owns the second half of a layered layout: coordinates. Cells stand in ranks from top to bottom; an edge runs straight
down through ranks and bends only between them, so it crosses no cell. Knows nothing of what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from netwright.backends.report.alignment import Cell, middle, middles
from netwright.backends.report.ranking import Layers, Link, layers

#: between ranks
RANK_GAP = 36.0
#: how much nearer the ports of a box are to what is in it
PORTS_NEARER = 14.0

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
    centers = middles(found, vertices)
    left = min((x - cell.width / 2 for x, cell in zip(centers, vertices, strict=True)), default=0.0)
    for x, cell in zip(centers, vertices, strict=True):
        cell.x = x - left - cell.width / 2
    tops, bottoms = _stack(found, vertices, first, last)
    routes = [_route(found, vertices, link, tops, bottoms) for link in links]
    _part_arrivals(cells, links, routes)
    extents = [(min(vertices[v].x for v in rank), max(_right(vertices[v]) for v in rank)) for rank in found.ranks]
    width = max((right for _, right in extents), default=0.0)
    return Placed(width, bottoms[-1] if bottoms else 0.0, routes, found, tops, bottoms, extents)


def _right(cell: Cell) -> float:
    return cell.x + max(cell.width, cell.width / 2 + cell.tail)


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
