"""Owns the sizes of what is drawn: how wide its text is, how large the cell of an item, and the figure of a whole
drawing, boxes inside boxes, with every place. Knows no file format."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

from netwright.backends.report.alignment import Cell
from netwright.backends.report.columns import fold
from netwright.backends.report.drawing import Diagram, Edge, Item
from netwright.backends.report.layout import Route, place
from netwright.backends.report.ranking import Link

#: font sizes of titles, notes and labels
TITLE, NOTE, LABEL = 13.0, 10.5, 10.5
#: the line of a title and of a note, and what is free around text and around the content of a box
LINE, NOTE_LINE, PAD, BOX_PAD = 18.0, 14.0, 12.0, 18.0
#: a title wider than this has its detail on a line of its own
WIDE = 200.0
#: the longest label of an edge, in characters
LONGEST_LABEL = 40

_NARROW, _WIDE_LETTERS = frozenset("iljtfrI.,:;'|!()[]/ "), frozenset("mwMW@%×→")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """An estimate of the width in a sans-serif font, rather too wide than too narrow."""
    return sum(map(_letter_width, text)) * size * (1.07 if bold else 1.0)


def _letter_width(letter: str) -> float:
    if letter in _NARROW:
        return 0.34
    if letter in _WIDE_LETTERS:
        return 0.88
    if unicodedata.east_asian_width(letter) in "WF":
        return 1.05
    return 0.7 if letter.isupper() else 0.6


@dataclass(slots=True)
class Caption:
    """The words in an item: lines of (text, whether bold) parts, and the note below them."""

    lines: list[list[tuple[str, bool]]]
    note: str

    @property
    def width(self) -> float:
        widths = [sum(text_width(f" {text}", TITLE, bold=bold) for text, bold in line) for line in self.lines]
        return max([*widths, text_width(self.note, NOTE)])

    @property
    def height(self) -> float:
        return LINE * len(self.lines) + (NOTE_LINE if self.note else 0)


def caption(item: Item) -> Caption:
    """The item's title in one line or two, and its note."""
    name, detail, times = (item.name, True), (item.detail, False), (f"× {item.repeats}", True)
    more = [times] if item.repeats > 1 else []
    if not item.detail:
        return Caption([[name, *more]], item.note)
    whole = Caption([[name, detail, *more]], item.note)
    return whole if whole.width <= WIDE else Caption([[name, *more], [detail]], item.note)


@dataclass(slots=True)
class Shape:
    """An item with its place in the figure around it; `head` is the height of a box's title."""

    item: Item
    cell: Cell
    caption: Caption
    head: float = 0.0
    inside: Figure | None = None


@dataclass(slots=True)
class Figure:
    """One level: shapes, the edges with their routes and whether these have corners, and labels (x, y, text). `origin`
    is where it stands in the box around it."""

    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    routes: list[tuple[Edge, Route, bool]] = field(default_factory=list)
    labels: list[tuple[float, float, str]] = field(default_factory=list)
    origin: tuple[float, float] = (0.0, 0.0)


def figure(diagram: Diagram, *, folded: bool = False) -> Figure:
    """The drawing with every place; long ones are folded into columns if asked for."""
    shapes = [_shape(item) for item in diagram.items]
    labels = _labels(diagram)
    for (source, output), text in labels.items():
        cell, width = shapes[source].cell, text_width(text, LABEL) + 8
        cell.tail = max(cell.tail, cell.output_at(output) + width)
    for source in {source for source, output in labels if output > 0}:
        _spread_outputs(
            shapes[source].cell, {output: text for (item, output), text in labels.items() if item == source}
        )
    links = [_link(diagram, edge) for edge in diagram.edges]
    kinds = [item.kind for item in diagram.items]
    cells = [shape.cell for shape in shapes]
    placed = place(cells, links, kinds.count("entry"), kinds.count("exit"))
    if folded:
        fold(cells, links, placed)
    made = Figure(placed.width, placed.height, shapes)
    for index, (edge, route) in enumerate(zip(diagram.edges, placed.routes, strict=True)):
        made.routes.append((edge, route, index in placed.turned))
    for (source, output), text in labels.items():
        cell = shapes[source].cell
        x = cell.x + cell.width / 2 + cell.output_at(output)
        made.labels.append((x + 6, cell.y + cell.height + 14, text))
    return made


def _link(diagram: Diagram, edge: Edge) -> Link:
    """Only a box has its in-ports at fixed places."""
    return Link(edge.source, edge.output, edge.target, edge.input if diagram.items[edge.target].inside else 0)


def _labels(diagram: Diagram) -> dict[tuple[int, int], str]:
    """One label a tensor, where it leaves its item; what only leaves the box or enters it has its label outside."""
    inside = {(e.source, e.output) for e in diagram.edges if diagram.items[e.target].kind != "exit"}
    labels = {}
    for edge in diagram.edges:
        key = edge.source, edge.output
        if key in inside and diagram.items[edge.source].kind != "entry":
            text = edge.label
            labels[key] = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    return labels


def _spread_outputs(cell: Cell, labels: dict[int, str]) -> None:
    """Several outputs leave side by side, each with room for its label; a box's leave where its ports are."""
    if cell.outs:
        return
    widths = [text_width(labels.get(output, ""), LABEL) + 14 for output in range(max(labels) + 1)]
    used = [width for output, width in enumerate(widths) if output in labels]
    cell.width = max(cell.width, sum(used) + PAD)
    x = (cell.width - sum(used)) / 2 + 6
    for output, width in enumerate(widths):
        cell.outs.append(x)
        x += width if output in labels else 0
    cell.tail = cell.width / 2


def _shape(item: Item) -> Shape:
    words = caption(item)
    if item.inside is not None:
        return _box(item, words)
    if item.kind in ("entry", "exit"):
        return Shape(item, Cell(0, 0), words)
    return Shape(item, Cell(words.width + 2 * PAD, words.height + 10), words)


def _box(item: Item, words: Caption) -> Shape:
    inner = figure(item.inside or Diagram())
    head = words.height + 10
    width = max(inner.width + 2 * BOX_PAD, words.width + 2 * PAD)
    left = (width - inner.width) / 2
    inner.origin = (left, head)
    ports = {kind: [shape.cell.x + left for shape in inner.shapes if shape.item.kind == kind] for kind in _PORTS}
    cell = Cell(width, head + inner.height, ports["entry"], ports["exit"])
    return Shape(item, cell, words, head, inner)


_PORTS = ("entry", "exit")
