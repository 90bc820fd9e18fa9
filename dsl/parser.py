"""Owns the way from flow text to located trees: expressions, bodies, block headers, tensor types. All mistakes
that do not follow from each other are reported at once. Knows nothing of YAML and no operator. What words a
mistake into a diagnostic is imported when there is one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.flow_automaton import Unexpected, automaton
from netwright.dsl.flow_declarations import Nodes
from netwright.dsl.flow_tokens import Line, Tokens, logical_lines, tokenize
from netwright.dsl.nesting import DEEPEST, nested_too_deep, too_deep
from netwright.dsl.source import Fragment
from netwright.dsl.tree import Binding, Body, Comparison, Expr, ExternHeader, Header, TypeExpr

MOST_ERRORS = 20


def parse_expression(fragment: Fragment) -> Expr:
    """An expression. Raises SpecError."""
    expression: Expr = _parse_alone("expression", fragment)
    return expression


def parse_stage(fragment: Fragment) -> Expr:
    """An item of a list of layers: an expression, which may be a chain. Raises SpecError."""
    return parse_expression(fragment)


def parse_header(fragment: Fragment) -> Header:
    """The header of a block: `x -> name(parameter, other=1)`, `name(parameter)`. Raises SpecError."""
    header: Header = _parse_alone("header", fragment)
    return header


def parse_extern(fragment: Fragment) -> ExternHeader:
    """The header of an extern: `x: f32[N, D] -> name(parameter, other=1): f32[N, D]`. Raises SpecError."""
    header: ExternHeader = _parse_alone("extern", fragment)
    return header


def parse_type(fragment: Fragment) -> TypeExpr:
    """A tensor type: `f32[N, 10]`. Raises SpecError."""
    type_expression: TypeExpr = _parse_alone("type", fragment)
    return type_expression


def parse_body(fragment: Fragment) -> Body:
    """Bindings, one to a logical line, and the expression that ends them, if one does. Raises SpecError with up to
    MOST_ERRORS mistakes: after one, parsing goes on with the next logical line."""
    tokens = tokenize(fragment)
    body = _BodyReader(tokens)
    for line in logical_lines(tokens):
        body.read(line)
        if len(body.errors) >= MOST_ERRORS:
            break
    if not tokens.kinds:
        body.errors.append(_nothing(fragment))
    _raise(body.errors)
    return Body(tokens.span(0, -1), tuple(body.bindings), body.result)


class _BodyReader:
    """Reads the lines of a body, one after the other. An expression is the result until another line follows."""

    def __init__(self, tokens: Tokens) -> None:
        self.errors: list[Diagnostic] = []
        self.bindings: list[Binding] = []
        self.result: Expr | None = None
        self._tokens = tokens
        self._mistaken = False
        self._result_is_meant = True

    def read(self, line: Line) -> None:
        if self.result is not None and self._result_is_meant:
            self.errors.append(_unused(self.result))
        # What follows a mistake may be the rest of a line that was meant to go on.
        self._result_is_meant = not self._mistaken
        value, faults = _parse_line("line", self._tokens, line)
        self.errors += faults
        self._mistaken = bool(faults)
        if isinstance(value, Binding):
            self.bindings.append(value)
            self.result = None
        else:
            self.result = value


def _parse_alone(start: str, fragment: Fragment) -> Any:
    """The value of a fragment that is one logical line."""
    tokens = tokenize(fragment)
    if not tokens.kinds:
        raise SpecError([_nothing(fragment)])
    line = next(logical_lines(tokens))
    value, faults = _parse_line(start, tokens, line)
    if line.stop < len(tokens.kinds) and not faults:
        faults = [_second_line(tokens, line.stop)]
    _raise(faults)
    return value


def _parse_line(start: str, tokens: Tokens, line: Line) -> tuple[Any, Sequence[Diagnostic]]:
    """The value of a line, None if it has none, and what is wrong with it."""
    if line.too_deep is not None:
        return None, [nested_too_deep(tokens.span(line.too_deep))]
    bad = bisect_left(tokens.bad, line.first)
    if bad < len(tokens.bad) and tokens.bad[bad] < line.stop:
        return None, [_malformed(tokens, tokens.bad[bad])]
    nodes = Nodes(tokens)
    try:
        value = automaton().parse(start, line, nodes)
    except Unexpected as unexpected:
        return None, [_mistake(start, tokens, line, unexpected.index)]
    deep = too_deep(value) if line.stop - line.first > DEEPEST else None
    return value, [deep] if deep else nodes.found_faults()


def _malformed(tokens: Tokens, token: int) -> Diagnostic:
    from netwright.dsl.flow_malformed import malformed

    return malformed(tokens, token)


def _mistake(start: str, tokens: Tokens, line: Line, index: int) -> Diagnostic:
    from netwright.dsl.flow_mistake import Mistake
    from netwright.dsl.flow_slips import describe

    expected = automaton().expected(start, tokens.kinds[line.first : index])
    return describe(Mistake(start, tokens, line, index, expected))


def _raise(errors: Sequence[Diagnostic]) -> None:
    if errors:
        raise SpecError(list(errors[:MOST_ERRORS]))


def _nothing(fragment: Fragment) -> Diagnostic:
    return Diagnostic("flow-syntax", "there is no text here", fragment.span(0, len(fragment.text)))


def _second_line(tokens: Tokens, index: int) -> Diagnostic:
    help = "a line goes on inside brackets, or where the next one begins with an operator"
    return Diagnostic("flow-syntax", "a second line stands where there can be only one", tokens.span(index), help=help)


def _unused(expression: Expr) -> Diagnostic:
    help = "bind it to a name: y = ...; to go on with it, begin the next line with `->`"
    if isinstance(expression, Comparison):
        help = "`==` compares; one `=` binds a name"
    return Diagnostic("unused-expression", "nothing uses the value of this line", expression.span, help=help)
