"""Owns how a diagnostic looks in a terminal: header, places, notes, help. `snippet.py` draws the source.
Other forms (JSON, GitHub, SARIF, JUnit) are in `render_formats.py`."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.dsl.annotations import Paint
from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.display import escape
from netwright.dsl.snippet import Place, Snippet

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "message": "1",
    "gutter": "1;34",
    "secondary": "1;34",
    "help": "1;36",
}


def render_text(diagnostic: Diagnostic, color: bool = False) -> str:
    """The diagnostic as lines without a final line end; `color` adds ANSI codes and changes nothing else.

    No control character of the spec's text reaches the result: it is shown as its escape.
    """
    paint = _colored if color else _plain
    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    head += paint(f": {escape(diagnostic.message)}", "message")
    snippets = _snippets(diagnostic)
    indent = max((len(str(snippet.last_line)) for _, snippet in snippets), default=1)
    lines = [head]
    for at, (place, snippet) in enumerate(snippets):
        lines += _snippet_lines("-->" if at == 0 else ":::", place, snippet, indent, paint)
    lines += _note_lines(diagnostic, indent, paint)
    return "\n".join(lines)


def _plain(text: str, style: str) -> str:
    return text


def _colored(text: str, style: str) -> str:
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style else text


def _snippets(diagnostic: Diagnostic) -> list[tuple[Label, Snippet]]:
    """Each source's first place and its picture; the source of the primary place comes first."""
    if diagnostic.span is None:
        return []
    primary = Place(Label(diagnostic.span, diagnostic.label), "^", diagnostic.severity)
    by_source: dict[int, list[Place]] = {}
    for place in (primary, *(Place(label, "-", "secondary") for label in diagnostic.labels)):
        by_source.setdefault(id(place.label.span.source), []).append(place)
    return [(places[0].label, Snippet(places[0].label.span.source, places)) for places in by_source.values()]


def _snippet_lines(arrow: str, place: Label, snippet: Snippet, indent: int, paint: Paint) -> Iterator[str]:
    span = place.span
    blank = " " * (indent + 1)
    if arrow != "-->":
        yield paint(f"{blank}|", "gutter")
    yield f"{paint(' ' * indent + arrow, 'gutter')} {escape(span.source.name)}:{span.line}:{span.column}"
    yield paint(f"{blank}|", "gutter")
    for gutter, row in snippet.rows():
        bar = gutter.ljust(indent + 2) if gutter == "..." else f"{gutter:>{indent}} |"
        yield f"{paint(bar, 'gutter')} {row.paint(paint)}".rstrip()


def _note_lines(diagnostic: Diagnostic, indent: int, paint: Paint) -> Iterator[str]:
    sign = " " * (indent + 1) + "="
    for note in diagnostic.notes:
        yield f"{paint(sign, 'gutter')} {_hanging(note, indent + 3)}"
    if diagnostic.help is not None:
        yield f"{paint(sign, 'gutter')} {paint('help', 'help')}: {_hanging(diagnostic.help, indent + 9)}"


def _hanging(text: str, indent: int) -> str:
    return ("\n" + " " * indent).join(escape(line) for line in text.splitlines())
