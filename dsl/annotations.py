"""Owns the drawing below and beside source lines: underlines with their labels, and bars beside spans of
several lines. Knows columns and rows, not gutters, files or diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from netwright.dsl.records import record

Paint = Callable[[str, str], str]
"""(text, style) → text with the terminal's codes for the style, or as it is."""


class Row:
    """One row: a character and its style for each column."""

    def __init__(self) -> None:
        self._cells: list[tuple[str, str]] = []

    def put(self, column: int, text: str, style: str) -> None:
        self._cells.extend([(" ", "")] * (column - len(self._cells)))
        self._cells[column : column + len(text)] = [(char, style) for char in text]

    def paint(self, paint: Paint) -> str:
        runs = groupby(self._cells, key=lambda cell: cell[1])
        return "".join(paint("".join(char for char, _ in run), style) for style, run in runs).rstrip()


@record
class Mark:
    """An underline from column `start` to `end` (exclusive) and what is said of it."""

    start: int
    end: int
    text: str
    sign: str
    style: str


@record
class Bar:
    """A span of several lines, drawn beside them in its own `lane`. Offsets are characters of their lines."""

    lane: int
    first_line: int
    first_offset: int
    last_line: int
    last_offset: int
    text: str
    sign: str
    style: str

    def is_beside(self, line: int) -> bool:
        return self.first_line < line <= self.last_line

    def open_at(self, row: Row, column: int) -> None:
        """`_____^`: from the lane to the span's first character."""
        row.put(self.lane + 1, "_" * (column - self.lane - 1) + self.sign, self.style)

    def close_at(self, row: Row, column: int) -> None:
        """`|____^ text`: from the lane to the span's last character."""
        row.put(self.lane, "|" + "_" * (column - self.lane - 1) + self.sign, self.style)
        if self.text:
            row.put(column + 2, self.text, self.style)


def underline(marks: Sequence[Mark], new_row: Callable[[], Row]) -> Iterable[Row]:
    """The rows below a source line: its underlines, the last one's text beside it, the others' below."""
    row = new_row()
    for mark in sorted(marks, key=lambda mark: (mark.start - mark.end, mark.sign == "^")):
        row.put(mark.start, mark.sign * (mark.end - mark.start), mark.style)
    beside = _last(marks)
    if beside.text:
        row.put(beside.end + 1, beside.text, beside.style)
    yield row
    hanging = [mark for mark in marks if mark.text and mark is not beside]
    yield from _hang(sorted(hanging, key=lambda mark: mark.start, reverse=True), new_row)


def _last(marks: Sequence[Mark]) -> Mark:
    """The mark that ends last: only its text can stand on the row of the underlines."""
    return max(marks, key=lambda mark: (mark.end, bool(mark.text), mark.start))


def _hang(marks: Sequence[Mark], new_row: Callable[[], Row]) -> Iterable[Row]:
    """Texts below their marks, from right to left, each at the end of a line down from its mark."""
    if marks:
        yield _strings(marks, new_row())
    for at, mark in enumerate(marks, start=1):
        row = _strings(marks[at:], new_row())
        row.put(mark.start, mark.text, mark.style)
        yield row


def _strings(marks: Iterable[Mark], row: Row) -> Row:
    for mark in sorted(marks, key=lambda mark: mark.start):
        row.put(mark.start, "|", mark.style)
    return row
