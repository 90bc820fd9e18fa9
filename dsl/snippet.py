"""Owns the picture of one source with its labelled places: which lines are shown, and what is drawn at
each. Knows nothing of messages, notes or other files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netwright.dsl.annotations import Bar, Mark, Row, underline
from netwright.dsl.diagnostics import Label
from netwright.dsl.display import LONGEST_LINE, ShownLine, escape, show_line
from netwright.dsl.records import record
from netwright.dsl.source import Source, Span

LONGEST_BAR = 6
"""Lines of a span that are all shown; of a longer one the first and last two are."""


@record
class Place:
    """A labelled place and how it is drawn: `^` for the primary one, `-` for others."""

    label: Label
    sign: str
    style: str


@record
class _Underlined:
    """A place within one line; offsets are characters of the line."""

    line: int
    start: int
    end: int
    place: Place

    def mark(self, shown: ShownLine, margin: int) -> Mark:
        start, end = margin + shown.column(self.start), margin + shown.column(self.end)
        return Mark(start, max(end, start + 1), escape(self.place.label.text), self.place.sign, self.place.style)


class Snippet:
    """The places of one source, ready to draw."""

    def __init__(self, source: Source, places: Sequence[Place]) -> None:
        self._source = source
        self._bars: list[Bar] = []
        self._underlined: list[_Underlined] = []
        for place in places:
            self._add(place)
        self._margin = len(self._bars) + 1 if self._bars else 0
        self._lines = self._lines_to_show()

    @property
    def last_line(self) -> int:
        return self._lines[-1]

    def rows(self) -> Iterator[tuple[str, Row]]:
        """(gutter, row): the gutter is a line number, '' beside drawings, '...' where lines are left out."""
        previous = self._lines[0]
        for line in self._lines:
            if line > previous + 1:
                yield "...", self._new_row(bar for bar in self._bars if bar.is_beside(line))
            yield from self._line_rows(line)
            previous = line

    def _add(self, place: Place) -> None:
        span = _without_blank_end(place.label.span)
        (line, column), (end_line, end_column) = (self._source.position(at) for at in (span.start, span.end))
        if line == end_line:
            self._underlined.append(_Underlined(line, column - 1, end_column - 1, place))
        else:
            text, lane = escape(place.label.text), len(self._bars)
            self._bars.append(Bar(lane, line, column - 1, end_line, end_column - 2, text, place.sign, place.style))

    def _lines_to_show(self) -> list[int]:
        lines = {place.line for place in self._underlined}
        for bar in self._bars:
            all_lines = range(bar.first_line, bar.last_line + 1)
            lines.update(all_lines if len(all_lines) <= LONGEST_BAR else (*all_lines[:2], *all_lines[-2:]))
        lines.update([line + 1 for line in lines if line + 2 in lines])
        return sorted(lines)

    def _line_rows(self, line: int) -> Iterator[tuple[str, Row]]:
        beside = [bar for bar in self._bars if bar.is_beside(line)]
        here = [place for place in self._underlined if place.line == line]
        shown = self._show(line, here)
        text = self._new_row(beside)
        text.put(self._margin, shown.text, "")
        yield str(line), text
        if here:
            marks = [place.mark(shown, self._margin) for place in here]
            yield from (("", row) for row in underline(marks, lambda: self._new_row(beside)))
        yield from (("", row) for row in self._bar_ends(line, shown, beside))

    def _show(self, line: int, here: Sequence[_Underlined]) -> ShownLine:
        """The line, cut if need be around what is drawn at it: all of it, or the primary place alone."""
        ranges = [(place.start, place.end) for place in sorted(here, key=lambda place: place.place.sign != "^")]
        ranges += [(bar.first_offset, bar.first_offset) for bar in self._bars if bar.first_line == line]
        ranges += [(bar.last_offset, bar.last_offset) for bar in self._bars if bar.last_line == line]
        start, end = min((start for start, _ in ranges), default=0), max((end for _, end in ranges), default=0)
        if end - start > LONGEST_LINE:
            start, end = ranges[0]
        return show_line(self._source.line(line), start, end)

    def _bar_ends(self, line: int, shown: ShownLine, beside: Sequence[Bar]) -> Iterator[Row]:
        """The rows that end the bars of this line, then those that begin bars."""
        active = list(beside)
        for bar in [bar for bar in beside if bar.last_line == line]:
            row = self._new_row(active)
            bar.close_at(row, self._margin + shown.column(bar.last_offset))
            active.remove(bar)
            yield row
        for bar in [bar for bar in self._bars if bar.first_line == line]:
            row = self._new_row(active)
            bar.open_at(row, self._margin + shown.column(bar.first_offset))
            active.append(bar)
            yield row

    def _new_row(self, bars: Iterable[Bar]) -> Row:
        row = Row()
        for bar in sorted(bars, key=lambda bar: bar.lane):
            row.put(bar.lane, "|", bar.style)
        return row


def _without_blank_end(span: Span) -> Span:
    """The span without the white space and line ends at its end; of nothing but blanks, its start."""
    return Span(span.source, span.start, span.start + len(span.text.rstrip()))
