"""Owns what is known about the place where a parse stopped, and the plain words for what was found there and
what could have stood there. Knows no particular slip: those are in `flow_slips.py`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.flow_tables import END
from netwright.dsl.flow_tokens import CLOSING, OPENING, Line, Tokens
from netwright.dsl.records import record
from netwright.dsl.source import Span

OPERATORS = frozenset("-> + - * / // % ** @ == != < <= > >= in and or if . ( [".split())
_BEGIN_EXPRESSION = frozenset({"NAME", "NUMBER", "STRING", "CONSTANT", *"( [ { + - not shared".split()})
_KINDS = {"NAME": "the name", "NUMBER": "the number", "STRING": "the string", "CONSTANT": "the word"}
_LONGEST = 24


@record
class Mistake:
    """The token at `index` cannot follow those before it; `expected` are the terminals that can. `start` is
    what was to be parsed."""

    start: str
    tokens: Tokens
    line: Line
    index: int
    expected: frozenset[str]

    def kind(self, away: int = 0) -> str:
        """The terminal found, or the one so many tokens away; END beyond the line."""
        index = self.index + away
        return self.tokens.kinds[index] if self.line.first <= index < self.line.stop else END

    def text(self, away: int = 0) -> str:
        return "" if self.kind(away) == END else self.tokens.texts[self.index + away]

    @property
    def span(self) -> Span:
        """The place of the token; at the end of the line, the empty place after the last one."""
        if self.index < self.line.stop:
            return self.tokens.span(self.index)
        return self.tokens.after(self.line.stop - 1)

    def span_of(self, away: int) -> Span:
        return self.tokens.span(self.index + away)

    def is_glued(self, away: int) -> bool:
        """No blank stands between the token so many away and the one after it."""
        before = self.index + away
        return self.tokens.offsets[before] + len(self.tokens.texts[before]) == self.tokens.offsets[before + 1]

    @property
    def at_operand(self) -> bool:
        """An expression should begin here."""
        return "NUMBER" in self.expected

    @property
    def after_operand(self) -> bool:
        """An expression may have ended here."""
        return "*" in self.expected

    @cached_property
    def opened(self) -> Sequence[int]:
        """The brackets that are open here, the innermost last."""
        opened: list[int] = []
        for index in range(self.line.first, min(self.index, self.line.stop)):
            kind = self.tokens.kinds[index]
            if kind in OPENING:
                opened.append(index)
            elif kind in CLOSING:
                opened.pop()
        return opened

    @property
    def opener(self) -> str:
        """The innermost open bracket, or nothing."""
        return self.tokens.kinds[self.opened[-1]] if self.opened else ""

    @property
    def in_call(self) -> bool:
        """The innermost open bracket holds arguments."""
        if self.opener != "(" or self.opened[-1] == self.line.first:
            return False
        before = self.tokens.kinds[self.opened[-1] - 1]
        return before in {"NAME", *CLOSING}

    def report(
        self,
        help: str | None = None,
        message: str | None = None,
        span: Span | None = None,
        labels: tuple[Label, ...] = (),
    ) -> Diagnostic:
        """A diagnostic of the mistake; without a message of its own it says what was expected and found."""
        message = message or f"expected {self.wanted()}, found {self.found()}"
        labels = labels or self._bracket_of_earlier_line()
        return Diagnostic("flow-syntax", message, span or self.span, labels=labels, help=help)

    def _bracket_of_earlier_line(self) -> tuple[Label, ...]:
        """A label at the innermost open bracket, unless it is on this very line: it may be what is wrong."""
        if not self.opened or self.tokens.breaks.isdisjoint(range(self.opened[-1] + 1, self.index + 1)):
            return ()
        return (Label(self.tokens.span(self.opened[-1]), "still inside this bracket"),)

    def found(self) -> str:
        kind = self.kind()
        if kind == END:
            return "the end of the line" if self.line.stop < len(self.tokens.kinds) else "the end of the text"
        text = self.text()
        shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
        called = _KINDS.get(kind, "the word" if kind.isalpha() else "")
        return f"{called} `{shown}`".strip()

    def wanted(self) -> str:
        """What could have stood here: `an operator or the end of the line`."""
        left = set(self.expected)
        words = []
        if self.at_operand:
            words.append("an expression")
            left -= _BEGIN_EXPRESSION
        elif "NAME" in left:
            words.append("a name")
            left.discard("NAME")
        if self.after_operand:
            words.append("an operator")
            left -= OPERATORS | {"for", "="} | ({","} if END in left else set())
        words += [f"`{symbol}`" for symbol in sorted(left - {END})]
        words += ["the end of the line"] if END in left else []
        return _either(words)


def _either(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
