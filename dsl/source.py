"""Owns source texts and places in them: `Source`, `Span`, and `Fragment`, which maps text cut out of
a YAML scalar back to its file. Knows nothing of YAML, flow or diagnostics."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from functools import cached_property
from itertools import pairwise
from operator import itemgetter
from pathlib import Path

from netwright.dsl.records import record

_start = itemgetter(0)


class Source:
    """A text and the name it is shown under. Offsets count characters from 0; lines and columns from 1."""

    def __init__(self, name: str, text: str, path: Path | None = None) -> None:
        self.name = name
        self.text = text
        self.path = path

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """(line, column), both from 1, of the character at `offset`."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def line_start(self, number: int) -> int:
        """The offset of the first character of line `number` (from 1)."""
        return self._line_starts[number - 1]

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), without its line end."""
        start = self.line_start(number)
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")

    @property
    def line_count(self) -> int:
        return len(self._line_starts)


@record
class Span:
    """The characters `start` to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.source.position(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.source.position(self.end)[0]

    @property
    def end_column(self) -> int:
        return self.source.position(self.end)[1]

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from this one's start to the other's end."""
        return Span(self.source, self.start, other.end)


@record
class Fragment:
    """Text taken out of a source piece by piece (a block scalar loses its indent, a quoted one its
    escapes). `pieces` are (offset in text, offset in source), ascending; between two entries the
    characters run in step."""

    source: Source
    text: str
    pieces: tuple[tuple[int, int], ...]

    def offset(self, at: int) -> int:
        """The source offset of the fragment's character `at`."""
        start, origin = self.pieces[bisect_right(self.pieces, at, key=_start) - 1]
        return origin + at - start

    def span(self, start: int, end: int) -> Span:
        """The source span of the fragment's characters `start` to `end` (exclusive)."""
        if end <= start:
            at = self.offset(start)
            return Span(self.source, at, at)
        return Span(self.source, self.offset(start), self.offset(end - 1) + 1)

    def places(self, starts: list[int], ends: list[int]) -> tuple[list[int], list[int]]:
        """The source offsets where spans of the fragment start and end, all at once: what `span` says of
        each. Both lists ascend, and no span is empty."""
        if len(self.pieces) == 1:
            shift = self.pieces[0][1] - self.pieces[0][0]
            return [at + shift for at in starts], [at + shift for at in ends]
        return self._shifted(starts, bisect_left), self._shifted(ends, bisect_right)

    def _shifted(self, offsets: list[int], cut: Callable[[list[int], int, int], int]) -> list[int]:
        """Each offset moved with the piece it is in; `cut` finds where those of the next piece begin."""
        result: list[int] = []
        for (start, origin), (following, _) in pairwise((*self.pieces, (len(self.text) + 1, 0))):
            inside = offsets[len(result) : cut(offsets, following, len(result))]
            shift = origin - start
            result += [at + shift for at in inside]
        return result
