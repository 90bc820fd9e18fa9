"""Owns how text looks on a terminal: what is shown for a character, how wide it is, and which part of a
very long line is shown. Nothing here lets a control character of the user's text through."""

from __future__ import annotations

import unicodedata

from netwright.dsl.records import record

TAB = "    "
LONGEST_LINE = 120
"""Characters of a source line that are shown at most."""
CONTEXT = 30
"""Characters kept to the left of what is underlined when a line is cut."""
ELLIPSIS = "…"


def escape(text: str) -> str:
    """`text` on one line, with every character that would not print as itself written as its escape."""
    return text if text.isprintable() else "".join(_glyph(char) for char in text)


def _glyph(char: str) -> str:
    if char.isprintable():
        return char
    if char == "\t":
        return TAB
    return char.encode("unicode_escape").decode("ascii")


def _width(glyph: str) -> int:
    """Terminal columns: escapes and tabs have several characters, wide ones take two, combining ones none."""
    if len(glyph) > 1 or glyph.isascii():
        return len(glyph)
    if unicodedata.category(glyph) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(glyph) in {"W", "F"} else 1


@record
class ShownLine:
    """A source line as it is shown. Offsets count characters of the whole line, columns those of the terminal."""

    text: str
    _first: int
    _columns: tuple[int, ...]

    def column(self, offset: int) -> int:
        """Where the character at `offset` is shown; what was cut off is at the nearer edge."""
        return self._columns[min(max(offset - self._first, 0), len(self._columns) - 1)]


def show_line(line: str, start: int, end: int) -> ShownLine:
    """The line, or of a very long one the part around its characters `start` to `end`."""
    first, last = _window(len(line), start, end)
    before = ELLIPSIS if first > 0 else ""
    glyphs = [_glyph(char) for char in line[first:last]]
    columns = [len(before)]
    for glyph in glyphs:
        columns.append(columns[-1] + _width(glyph))
    after = ELLIPSIS if last < len(line) else ""
    return ShownLine(before + "".join(glyphs) + after, first, tuple(columns))


def _window(length: int, start: int, end: int) -> tuple[int, int]:
    if length <= LONGEST_LINE:
        return 0, length
    spare = max(LONGEST_LINE - (end - start), 0)
    first = max(0, min(start - min(CONTEXT, spare), length - LONGEST_LINE))
    return first, min(first + LONGEST_LINE, length)
