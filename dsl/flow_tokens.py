"""Owns the tokens of a flow text and how they make logical lines. Knows nothing of the grammar but its
terminals; mistakes are marked here and put into words elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from netwright.dsl.flow_tables import load_tables
from netwright.dsl.records import entity, field, record
from netwright.dsl.source import Fragment, Span

OPENING = {"(": ")", "[": "]", "{": "}"}
CLOSING = {closing: opening for opening, closing in OPENING.items()}
MOST_BRACKETS = 200

# A line that begins with one of these goes on with the line above.
CONTINUING = frozenset("-> + - * / // % ** @ == != < <= > >= in and or if else .".split())

# What no terminal of the grammar matches. Blanks match nothing at all and so are skipped.
_REST = {
    "LINE_END": r"\r?\n",
    "BAD_NUMBER": r"\.?[0-9][\w.]*",
    "OPEN_STRING": r"[\"'][^\r\n]*",
    "BAD_CHARACTER": "[^ ]",
}
BAD = frozenset({"BAD_NUMBER", "OPEN_STRING", "BAD_CHARACTER", "BAD_NAME"})


@entity
class Tokens:
    """The tokens of a fragment as lists side by side: kind (a terminal of `flow_tables.Tables`, or one of
    BAD), text, offset in the fragment, start and end in the source. `breaks` are the first tokens of lines,
    `bad` the tokens of a kind in BAD."""

    fragment: Fragment
    kinds: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    breaks: set[int] = field(default_factory=set)
    bad: list[int] = field(default_factory=list)

    def span(self, first: int, last: int | None = None) -> Span:
        """The place of one token, or from one to another."""
        return Span(self.fragment.source, self.starts[first], self.ends[first if last is None else last])

    def after(self, index: int) -> Span:
        """The empty place right after a token."""
        return Span(self.fragment.source, self.ends[index], self.ends[index])

    def column(self, index: int) -> int:
        """How many characters stand before the token on its line of the fragment."""
        at = self.offsets[index]
        return at - 1 - self.fragment.text.rfind("\n", 0, at)


@record
class Line:
    """The tokens `first` to `stop` (exclusive) make a logical line; `too_deep` is a bracket with too many
    open ones around it, if there is one."""

    first: int
    stop: int
    too_deep: int | None = None


@cache
def _terminals() -> tuple[re.Pattern[str], dict[str, str]]:
    """The pattern of all tokens, and the texts that are terminals of their own."""
    tables = load_tables()
    patterns = {name: pattern for name, pattern in tables.patterns.items() if name != "BLANK"}
    patterns["SYMBOL"] = "|".join(map(re.escape, tables.symbols))
    groups = "|".join(f"(?P<{name}>{pattern})" for name, pattern in (patterns | _REST).items())
    return re.compile(groups), {text: text for text in tables.words + tables.symbols}


def tokenize(fragment: Fragment) -> Tokens:
    tokens = Tokens(fragment)
    pattern, spelled = _terminals()
    kinds, texts, offsets = tokens.kinds, tokens.texts, tokens.offsets
    ends: list[int] = []
    for match in pattern.finditer(fragment.text):
        text = match.group()
        kind = spelled.get(text) or match.lastgroup or ""
        if kind == "COMMENT":
            continue
        if kind == "LINE_END":
            tokens.breaks.add(len(kinds))
            continue
        if kind == "NAME" and not text.isascii():
            kind = "BAD_NAME"
        if kind in BAD:
            tokens.bad.append(len(kinds))
        kinds.append(kind)
        texts.append(text)
        offsets.append(match.start())
        ends.append(match.end())
    tokens.starts, tokens.ends = fragment.places(offsets, ends)
    return tokens


def logical_lines(tokens: Tokens) -> Iterator[Line]:
    """The lines that each hold one binding or expression. A line goes on inside brackets, and where the next
    begins with an operator."""
    first = 0
    while first < len(tokens.kinds):
        line = _line_from(tokens, first)
        yield line
        first = line.stop


def _line_from(tokens: Tokens, first: int) -> Line:
    kinds, breaks = tokens.kinds, tokens.breaks
    opened: list[int] = []
    too_deep: int | None = None
    for index in range(first, len(kinds)):
        kind = kinds[index]
        if index in breaks and not opened and index > first and kind not in CONTINUING:
            return Line(first, index, too_deep)
        if kind in OPENING:
            opened.append(index)
            if len(opened) > MOST_BRACKETS and too_deep is None:
                too_deep = index
        elif kind in CLOSING and opened:
            opened.pop()
    return Line(first, _line_after(tokens, first, opened[0]) if opened else len(kinds), too_deep)


def _line_after(tokens: Tokens, first: int, opened: int) -> int:
    """Where the line after one with a bracket that nothing closes begins: likely where the text is no
    further to the right than at the line's own beginning."""
    margin = tokens.column(first)
    later = sorted(index for index in tokens.breaks if opened < index < len(tokens.kinds))
    likely = (index for index in later if tokens.column(index) <= margin and tokens.kinds[index] not in CONTINUING)
    return next(likely, len(tokens.kinds))
