"""Owns folding: a long chain of ranks is cut where a single edge passes, and the pieces are put side by side, so that
the picture has the form of a page. Knows cells and ranks, not what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from netwright.backends.report.alignment import Cell, middle
from netwright.backends.report.layout import Placed
from netwright.backends.report.ranking import Layers, Link

#: the page, and the room between columns and below them for the edges that lead on
PAGE_WIDTH, PAGE_HEIGHT = 1280.0, 860.0
GUTTER, TURN = 56.0, 26.0
MOST_COLUMNS = 16
#: how much larger the picture must come out for one more column
_GAIN = 1.3


@dataclass(frozen=True, slots=True)
class Column:
    """The ranks from `first` up to `end`, and the extent of what stands in them."""

    first: int
    end: int
    left: float
    right: float
    top: float
    bottom: float


def fold(cells: Sequence[Cell], links: Sequence[Link], placed: Placed) -> None:
    """Move cells and routes into as many columns as show the picture largest on a page."""
    cuts = _cuts(placed.layers)
    if not cuts or placed.height <= PAGE_HEIGHT:
        return
    best, largest = [_column(placed, 0, len(placed.tops))], 0.0
    for count in range(1, MOST_COLUMNS + 1):
        columns = _split(placed, cuts, count)
        width, height = _extent(columns)
        scale = min(PAGE_WIDTH / width, PAGE_HEIGHT / height)
        if scale > largest * _GAIN ** (len(columns) - len(best)):
            best, largest = columns, scale
    _move(cells, links, placed, best)


def _cuts(found: Layers) -> list[int]:
    """The ranks below which a single edge leads on, from one cell to another."""
    cuts = []
    for index, rank in enumerate(found.ranks[:-1]):
        segments = [segment for vertex in rank for segment in found.below[vertex]]
        if len(segments) == 1 and max(segments[0].upper, segments[0].lower) < found.count:
            cuts.append(index)
    return cuts


def _split(placed: Placed, cuts: Sequence[int], count: int) -> list[Column]:
    """The columns, each as near to its share of the height as the cuts allow."""
    columns, first = [], 0
    for index in range(1, count):
        wanted = placed.height * index / count
        free = [cut for cut in cuts if cut >= first]
        if not free:
            break
        cut = min(free, key=lambda cut: abs(placed.bottoms[cut] - wanted))
        columns.append(_column(placed, first, cut + 1))
        first = cut + 1
    return [*columns, _column(placed, first, len(placed.tops))]


def _column(placed: Placed, first: int, end: int) -> Column:
    lefts, rights = zip(*placed.extents[first:end], strict=True)
    return Column(first, end, min(lefts), max(rights), placed.tops[first], placed.bottoms[end - 1])


def _extent(columns: Sequence[Column]) -> tuple[float, float]:
    width = sum(column.right - column.left for column in columns) + GUTTER * (len(columns) - 1)
    return width, max(column.bottom - column.top for column in columns) + (TURN if len(columns) > 1 else 0)


def _move(cells: Sequence[Cell], links: Sequence[Link], placed: Placed, columns: Sequence[Column]) -> None:
    shifts: list[tuple[float, float]] = []
    starts: list[float] = []
    x = 0.0
    for column in columns:
        starts.append(x)
        shifts += [(x - column.left, -column.top)] * (column.end - column.first)
        x += column.right - column.left + GUTTER
    ranks = placed.layers.rank
    for cell, rank in zip(cells, ranks, strict=False):
        cell.x, cell.y = cell.x + shifts[rank][0], cell.y + shifts[rank][1]
    for index, link in enumerate(links):
        across, down = shifts[ranks[link.source]]
        if shifts[ranks[link.target]] == (across, down):
            placed.routes[index] = [(x + across, y + down) for x, y in placed.routes[index]]
        else:
            start = next(start for start in starts if start > cells[link.source].x)
            placed.routes[index] = _turn(cells[link.source], cells[link.target], link, start)
            placed.turned.add(index)
    placed.width, placed.height = _extent(columns)


def _turn(source: Cell, target: Cell, link: Link, start: float) -> list[tuple[float, float]]:
    """From the foot of a column up beside the next one and into it from above."""
    x1, y1 = middle(source) + source.output_at(link.output), source.y + source.height
    x2, y2 = middle(target) + target.input_at(link.input), target.y
    gutter, low, high = start - GUTTER / 2, y1 + TURN - 4, y2 - 18
    return [(x1, y1), (x1, low), (gutter, low), (gutter, high), (x2, high), (x2, y2)]
