"""Owns what a diagnostic is: code, severity, message, labelled places, notes, help. Every code stands
in `CODES`. Knows nothing of how one is shown (`render.py`) or what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from netwright.dsl.codes import CODES
from netwright.dsl.records import record
from netwright.dsl.source import Span

Severity = Literal["error", "warning"]


@record
class Label:
    """A place and what is to be said of it (empty: only underlined)."""

    span: Span
    text: str = ""


@record
class Diagnostic:
    """One message to the user. `span` is the primary place; None only where there is no text at all."""

    code: str
    message: str
    span: Span | None
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    severity: Severity = "error"

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise CompilerBug(f"diagnostic code {self.code!r} is not in dsl/codes.py")


#: what one place may lack several of
_SEVERAL = ("missing-key", "unknown-param")


class Diagnostics:
    """The messages of one compilation, each place and code once, file after file from the top down."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        span = diagnostic.span
        place = (id(span.source), span.start, span.end) if span else (diagnostic.message,)
        which = (diagnostic.message,) if diagnostic.code in _SEVERAL else ()
        self._found.setdefault((diagnostic.code, *place, *which), diagnostic)

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for diagnostic in diagnostics:
            self.add(diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        sources: dict[int, int] = {}

        def place(diagnostic: Diagnostic) -> tuple[int, int]:
            span = diagnostic.span
            return (sources.setdefault(id(span.source), len(sources)), span.start) if span else (-1, 0)

        return iter(sorted(self._found.values(), key=place))

    def __len__(self) -> int:
        return len(self._found)

    @property
    def has_errors(self) -> bool:
        return any(diagnostic.severity == "error" for diagnostic in self._found.values())

    def raise_errors(self) -> None:
        """End a phase: raise `SpecError` with all that was found if any of it is an error."""
        if self.has_errors:
            raise SpecError(list(self))


class SpecError(Exception):
    """A spec is wrong. `diagnostics` says what, where and how to mend it."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        super().__init__(diagnostics)

    def __str__(self) -> str:
        from netwright.dsl.render import render_text

        return "\n".join(render_text(diagnostic) for diagnostic in self.diagnostics)


class CompilerBug(Exception):
    """An invariant of Netwright's own is broken; never the user's fault."""
