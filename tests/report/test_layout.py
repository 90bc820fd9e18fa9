"""What any layout must satisfy, on random graphs and on very large ones."""

from __future__ import annotations

import random
from itertools import combinations, pairwise

import pytest

from netwright.backends.report.alignment import Cell
from netwright.backends.report.columns import fold
from netwright.backends.report.layout import Placed, place
from netwright.backends.report.ranking import Link


def random_graph(seed: int) -> tuple[list[Cell], list[Link]]:
    """Cells of many sizes, each fed by some of the twelve before it."""
    chance = random.Random(seed)
    count = chance.randint(2, 40)
    cells = [Cell(chance.uniform(20, 300), chance.uniform(20, 200)) for _ in range(count)]
    pairs = {(chance.randrange(max(0, target - 12), target), target) for target in range(1, count) for _ in range(2)}
    return cells, [Link(source, 0, target, 0) for source, target in sorted(pairs)]


def overlap(one: Cell, other: Cell) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height


@pytest.mark.parametrize("seed", range(25))
def test_cells_never_overlap(seed: int) -> None:
    cells, links = random_graph(seed)
    placed = place(cells, links)
    assert not [pair for pair in combinations(cells, 2) if overlap(*pair)]
    assert all(cell.x >= -0.01 and cell.x + cell.width <= placed.width + 0.01 for cell in cells)
    assert all(cell.y >= -0.01 and cell.y + cell.height <= placed.height + 0.01 for cell in cells)


@pytest.mark.parametrize("seed", range(25))
def test_edges_lead_from_cell_to_cell_and_down(seed: int) -> None:
    cells, links = random_graph(seed)
    for link, route in zip(links, place(cells, links).routes, strict=True):
        source, target = cells[link.source], cells[link.target]
        assert source.x <= route[0][0] <= source.x + source.width
        assert route[0][1] == source.y + source.height
        assert target.x <= route[-1][0] <= target.x + target.width
        assert route[-1][1] == target.y
        assert [y for _, y in route] == sorted(y for _, y in route)


@pytest.mark.parametrize("seed", range(25))
def test_edges_cross_no_cell(seed: int) -> None:
    cells, links = random_graph(seed)
    placed = place(cells, links)
    for link, route in zip(links, placed.routes, strict=True):
        others = [cell for index, cell in enumerate(cells) if index not in (link.source, link.target)]
        for (x1, y1), (x2, y2) in pairwise(route):
            leg = Cell(abs(x2 - x1), y2 - y1, x=min(x1, x2), y=y1)
            assert not [cell for cell in others if overlap(leg, cell)]


def test_a_chain_is_straight() -> None:
    cells = [Cell(width, 30) for width in (80, 200, 40, 120, 90)]
    placed = place(cells, [Link(index, 0, index + 1, 0) for index in range(4)])
    assert len({round(x, 6) for route in placed.routes for x, _ in route}) == 1


def test_a_skip_does_not_bend_the_chain_beside_it() -> None:
    cells = [Cell(100, 30) for _ in range(5)]
    links = [Link(index, 0, index + 1, 0) for index in range(4)] + [Link(0, 0, 4, 0)]
    place(cells, links)
    assert len({round(cell.x, 6) for cell in cells}) == 1


def test_ports_stand_above_and_below_all_else() -> None:
    cells = [Cell(0, 0), Cell(0, 0), Cell(60, 30), Cell(60, 30), Cell(0, 0)]
    place(cells, [Link(0, 0, 2, 0), Link(2, 0, 3, 0), Link(1, 0, 3, 0), Link(3, 0, 4, 0)], first=2, last=1)
    assert cells[0].y == cells[1].y == 0
    assert cells[4].y > cells[3].y + cells[3].height


def test_what_only_feeds_one_stands_beside_it() -> None:
    cells = [Cell(50, 30) for _ in range(5)]
    place(cells, [Link(0, 0, 2, 0), Link(2, 0, 3, 0), Link(3, 0, 4, 0), Link(1, 0, 4, 0)])
    assert cells[1].y == cells[3].y


def chain(count: int) -> tuple[list[Cell], list[Link], Placed]:
    cells = [Cell(100, 30) for _ in range(count)]
    links = [Link(index, 0, index + 1, 0) for index in range(count - 1)]
    return cells, links, place(cells, links)


def test_a_long_chain_is_folded_into_columns() -> None:
    cells, links, placed = chain(40)
    tall = placed.height
    fold(cells, links, placed)
    assert placed.height < tall / 2
    assert len({round(cell.x) for cell in cells}) >= 3
    assert not [pair for pair in combinations(cells, 2) if overlap(*pair)]
    for link, route in zip(links, placed.routes, strict=True):
        assert route[-1] == (cells[link.target].x + 50, cells[link.target].y)


def test_a_short_chain_stays_one_column() -> None:
    cells, links, placed = chain(5)
    fold(cells, links, placed)
    assert len({cell.x for cell in cells}) == 1


def test_thousands_in_a_row_fold_without_recursion() -> None:
    cells, links, placed = chain(3_000)
    fold(cells, links, placed)
    assert len({cell.x for cell in cells}) > 1


def test_many_skips_share_their_way() -> None:
    cells = [Cell(100, 30) for _ in range(300)]
    links = [Link(index, 0, index + 1, 0) for index in range(299)]
    links += [Link(0, 0, index, 0) for index in range(2, 300)]
    assert len(place(cells, links).layers.rank) < 600
