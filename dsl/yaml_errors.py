"""Owns what is said when the text is not YAML: it looks at the line for the slips that people make, and
says how to mend them. Knows nothing of what a spec may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.records import record
from netwright.dsl.source import Source, Span

_ITEM = r"\s*(?:- +)*(?:[A-Za-z_(][^:'\"#{}]*: +)?"
_TAB_INDENT = re.compile(r" *\t+")
_NO_SPACE = re.compile(r"\s*(?:- +)*([A-Za-z_]\w*:)(?=[^\s:/])")
_SPECIAL = re.compile(rf"{_ITEM}(?P<text>[{{\[\"'%@`*&!|>].*)")
_SECOND_COLON = re.compile(rf"(?:{_ITEM})(?P<text>\S.*: .*|\S.*:)$")
_NESTED_KEY = re.compile(r"\s*(?P<above>[A-Za-z_]\w*): +(?P<key>[A-Za-z_]\w*): +\S")
_BLOCK_BEGINS = re.compile(r".*:\s*[|>][-+0-9]*\s*(?:#.*)?$")
_PLAIN_KEY = re.compile(r"(\s*)[A-Za-z_]\w*: +[^|>\s]")


@record
class Trouble:
    """What the YAML parser said: its words, where it stopped, and where the thing it was reading began."""

    source: Source
    problem: str
    at: int
    began: int

    @property
    def number(self) -> int:
        return self.source.position(self.at)[0]

    @property
    def began_number(self) -> int:
        return self.source.position(self.began)[0]

    def above(self) -> int:
        """The number of the nearest line above that is not empty, or 0."""
        return next((n for n in range(self.number - 1, 0, -1) if self.source.line(n).strip()), 0)

    def part(self, number: int, start: int, end: int) -> Span:
        """Columns `start` to `end`, from 0, of a line."""
        line_start = self.source.line_start(number)
        return Span(self.source, line_start + start, line_start + end)

    def here(self) -> Span:
        at = min(self.at, max(len(self.source.text) - 1, 0))
        return Span(self.source, at, min(at + 1, len(self.source.text)))


Slip = tuple[Span, str]


def explain(source: Source, error: Any) -> Diagnostic:
    """The diagnostic for an exception of PyYAML."""
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    began = getattr(error, "context_mark", None) or mark
    trouble = Trouble(source, problem, mark.index if mark else 0, began.index if began else 0)
    slips = (slip for find in _SLIPS if (slip := find(trouble)))
    span, help = next(slips, (trouble.here(), None))
    return Diagnostic("yaml-syntax", f"this is not YAML: {problem}", span, help=help)


def _tab(trouble: Trouble) -> Slip | None:
    match = _TAB_INDENT.match(trouble.source.line(trouble.number))
    if match is None:
        return None
    tabs = trouble.part(trouble.number, match[0].index("\t"), match.end())
    return tabs, "indent with spaces: YAML allows no tabs there"


def _open_quote(trouble: Trouble) -> Slip | None:
    if "end of stream" not in trouble.problem and "document indicator" not in trouble.problem:
        return None
    quote = trouble.source.text[trouble.began]
    return Span(trouble.source, trouble.began, trouble.began + 1), f"the text that begins here has no closing {quote}"


def _escape(trouble: Trouble) -> Slip | None:
    if "escape" not in trouble.problem:
        return None
    return trouble.here(), "in double quotes a backslash begins an escape: write \\\\, or use single quotes"


def _no_space_after_colon(trouble: Trouble) -> Slip | None:
    if "mapping values" not in trouble.problem and "expected ':'" not in trouble.problem:
        return None
    for number in (trouble.number, trouble.began_number, trouble.above()):
        match = _NO_SPACE.match(trouble.source.line(number)) if number else None
        if match:
            key = trouble.part(number, match.start(1), match.end(1))
            return key, f"write a space after the colon: `{match[1]} ...`"
    return None


def _not_indented(trouble: Trouble) -> Slip | None:
    """The first line under `key: |` is not deeper than the key."""
    for number in (trouble.number, trouble.began_number):
        if number > 1 and _BLOCK_BEGINS.match(trouble.source.line(number - 1)):
            line = trouble.source.line(number)
            return trouble.part(number, 0, len(line)), "indent the text below `|` deeper than its key"
    return None


def _flow_collection(trouble: Trouble) -> Slip | None:
    opener = trouble.source.text[trouble.began : trouble.began + 1]
    if "',' or" not in trouble.problem or opener not in ("{", "["):
        return None
    if trouble.number > trouble.began_number:
        closing = {"{": "}", "[": "]"}[opener]
        place = Span(trouble.source, trouble.began, trouble.began + 1)
        return place, f"the `{opener}` that opens here is not closed with `{closing}`"
    return trouble.here(), 'inside { } and [ ], quote text that holds [ ] { } or a comma: {image: "f32[N, 28, 28]"}'


def _special_start(trouble: Trouble) -> Slip | None:
    """An item such as `{f, g} -> h`: its first character means something to YAML."""
    match = _SPECIAL.match(trouble.source.line(trouble.number))
    if match is None or match.start("text") >= trouble.at - trouble.source.line_start(trouble.number) + 1:
        return None
    text = match["text"].rstrip()
    quoted = "'" + text.replace("'", "''") + "'"
    span = trouble.part(trouble.number, match.start("text"), match.start("text") + len(text))
    return span, f"text that begins with {text[0]} needs quotes: {quoted}"


def _list_on_key_line(trouble: Trouble) -> Slip | None:
    if "sequence entries" not in trouble.problem:
        return None
    return trouble.here(), "begin a list on a line of its own, below its key"


def _deeper_than_above(trouble: Trouble) -> Slip | None:
    above = _PLAIN_KEY.match(trouble.source.line(trouble.above())) if trouble.above() else None
    line = trouble.source.line(trouble.number)
    indent = len(line) - len(line.lstrip(" "))
    if "mapping values" not in trouble.problem or above is None or indent <= len(above[1]):
        return None
    help = "this line is deeper than the one above, which has its value already; for lines of text write `key: |`"
    return trouble.part(trouble.number, 0, indent), help


def _mapping_on_key_line(trouble: Trouble) -> Slip | None:
    """`inputs: x: f32[N]`: an entry beside the key it belongs under."""
    match = _NESTED_KEY.match(trouble.source.line(trouble.number))
    if "mapping values" not in trouble.problem or match is None:
        return None
    key = trouble.part(trouble.number, match.start("key"), match.end("key"))
    return key, f"begin a mapping on a line of its own, below `{match['above']}:`, and indent it"


def _second_colon(trouble: Trouble) -> Slip | None:
    match = _SECOND_COLON.match(trouble.source.line(trouble.number))
    if "mapping values" not in trouble.problem or match is None:
        return None
    return trouble.here(), "text with a colon and a space in it needs quotes, or `|` and a line of its own"


def _no_colon(trouble: Trouble) -> Slip | None:
    if "expected ':'" not in trouble.problem:
        return None
    line = trouble.source.line(trouble.began_number)
    start = len(line) - len(line.lstrip())
    text = trouble.part(trouble.began_number, start, len(line))
    return text, "a key needs a colon and a space after it: `key: value`"


def _no_content(trouble: Trouble) -> Slip | None:
    if "node content" not in trouble.problem:
        return None
    return trouble.here(), "no text begins with this: put the whole text in quotes"


def _columns(trouble: Trouble) -> Slip | None:
    if not re.search(r"expected (key|<block end>|'-' indicator)|<document start>", trouble.problem):
        return None
    return trouble.here(), "keys of one mapping, and the dashes of one list, begin in the same column"


_SLIPS: tuple[Callable[[Trouble], Slip | None], ...] = (
    _tab,
    _open_quote,
    _escape,
    _no_space_after_colon,
    _not_indented,
    _flow_collection,
    _special_start,
    _list_on_key_line,
    _deeper_than_above,
    _mapping_on_key_line,
    _second_colon,
    _no_colon,
    _no_content,
    _columns,
)
