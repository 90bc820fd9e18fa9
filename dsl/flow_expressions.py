"""Owns how expressions are built: the actions of `flow.lark` for them. An action takes the values of all
symbols of its rule; the value of a terminal is the index of its token. Knows nothing of the automaton."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.flow_literals import CONSTANTS, read_number, read_string
from netwright.dsl.flow_tokens import Tokens
from netwright.dsl.source import Span
from netwright.dsl.tree import Expr

# `operand, operator's token, operand, operator's token, operand, ...` of a comparison
Relation = list[Any]
LoopClause = tuple[list[tree.Name], Expr, Expr | None]


class Expressions:
    """Builds nodes from the tokens of one fragment and keeps what is wrong with them, though they parse."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self.faults: list[Diagnostic] = []

    def name(self, span: Span, token: int) -> Expr:
        return tree.Name(span, self.tokens.texts[token])

    def number(self, span: Span, token: int) -> Expr:
        return tree.Literal(span, read_number(self.tokens, token, self.faults))

    def string(self, span: Span, token: int) -> Expr:
        return tree.Literal(span, read_string(self.tokens, token, self.faults))

    def constant(self, span: Span, token: int) -> Expr:
        return tree.Literal(span, CONSTANTS[self.tokens.texts[token]])

    # ------------------------------------------------------------ operators

    def conditional(self, span: Span, then: Expr, _if: int, condition: Expr, _else: int, otherwise: Expr) -> Expr:
        return tree.Conditional(span, then, condition, otherwise)

    def chain(self, span: Span, stages: list[Expr]) -> Expr:
        return tree.Chain(span, tuple(stages))

    def either(self, span: Span, operands: list[Expr]) -> Expr:
        return tree.Logical(span, "or", tuple(operands))

    def both(self, span: Span, operands: list[Expr]) -> Expr:
        return tree.Logical(span, "and", tuple(operands))

    def comparison(self, span: Span, relation: Relation) -> Expr:
        rest = zip(relation[1::2], relation[2::2], strict=True)
        return tree.Comparison(span, relation[0], tuple((*self._operator(token), operand) for token, operand in rest))

    def binary(self, span: Span, left: Expr, token: int, right: Expr) -> Expr:
        return tree.Binary(span, *self._operator(token), left, right)

    def negation(self, span: Span, _not: int, operand: Expr) -> Expr:
        return tree.Unary(span, "not", operand)

    def signed(self, span: Span, sign: int, operand: Expr) -> Expr:
        return tree.Unary(span, "-" if self.tokens.kinds[sign] == "-" else "+", operand)

    def shared(self, span: Span, _shared: int, layer: Expr) -> Expr:
        return tree.Shared(span, layer)

    def _operator(self, token: int) -> tuple[str, Span]:
        return self.tokens.kinds[token], self.tokens.span(token)

    # ------------------------------------------------------------ what follows a value

    def attribute(self, span: Span, base: Expr, _dot: int, name: int) -> Expr:
        return tree.Attribute(span, base, self.tokens.texts[name], self.tokens.span(name))

    def call(self, span: Span, function: Expr, _open: int, arguments: list[tree.Argument], _close: int) -> Expr:
        self._refuse_late_positionals(arguments)
        return tree.Call(span, function, tuple(arguments))

    def positional(self, span: Span, value: Expr) -> tree.Argument:
        return tree.Argument(span, None, value)

    def keyword(self, span: Span, name: int, _equals: int, value: Expr) -> tree.Argument:
        return tree.Argument(span, self.tokens.texts[name], value)

    def _refuse_late_positionals(self, arguments: list[tree.Argument]) -> None:
        keyword: tree.Argument | None = None
        for argument in arguments:
            if argument.name is not None:
                keyword = argument
            elif keyword is not None:
                self.faults.append(_late_positional(argument, keyword))

    def ellipsis(self, span: Span, _dots: int) -> Expr:
        return tree.Ellipsis_(span)

    def slice_of(self, span: Span, start: Expr | None, _colon: int, stop: Expr | None) -> Expr:
        return tree.Slice(span, start, stop, None)

    def stepped_slice(
        self, span: Span, start: Expr | None, _colon: int, stop: Expr | None, _second: int, step: Expr | None
    ) -> Expr:
        return tree.Slice(span, start, stop, step)

    # ------------------------------------------------------------ brackets

    def empty_tuple(self, span: Span, _open: int, _close: int) -> Expr:
        return tree.Sequence(span, "tuple", ())

    def tuple_of(self, span: Span, _open: int, first: Expr, _comma: int, others: list[Expr], _close: int) -> Expr:
        return tree.Sequence(span, "tuple", (first, *others))

    def list_of(self, span: Span, _open: int, items: list[Expr], _close: int) -> Expr:
        return tree.Sequence(span, "list", tuple(items))

    def fork(self, span: Span, _open: int, branches: list[Expr], *_rest: int) -> Expr:
        return tree.Fork(span, tuple(branches))

    def chain_loop(self, span: Span, _open: int, body: Expr, clause: LoopClause, _close: int) -> Expr:
        return _loop(span, "chain", body, clause)

    def list_loop(self, span: Span, _open: int, body: Expr, clause: LoopClause, _close: int) -> Expr:
        return _loop(span, "list", body, clause)


def _loop(span: Span, kind: Literal["chain", "list"], body: Expr, clause: LoopClause) -> Expr:
    names, iterable, condition = clause
    return tree.Loop(span, kind, body, tuple(names), iterable, condition)


def _late_positional(argument: tree.Argument, keyword: tree.Argument) -> Diagnostic:
    return Diagnostic(
        "flow-syntax",
        f"an argument without name stands after `{keyword.name}=`",
        argument.span,
        labels=(Label(keyword.span, "this one has a name"),),
        help="put the arguments without name first, or name this one",
    )


def _more(items: list[Any], _comma: int, item: Any) -> list[Any]:
    items.append(item)
    return items


def _further(relation: Relation, token: int, operand: Expr) -> Relation:
    relation += token, operand
    return relation


# Actions that build no node and so take no span.
LISTS: dict[str, Callable[..., Any]] = {
    "none": list,
    "absent": lambda: None,
    "first": lambda item: [item],
    "pair": lambda first, _between, second: [first, second],
    "more": _more,
    "all_but_comma": lambda items, _comma: items,
    "bracketed": lambda _open, inner, *_rest: inner,
    "compared": lambda first, operator, second: [first, operator, second],
    "further_compared": _further,
    "loop": lambda _for, names, _in, iterable: (names, iterable, None),
    "filtered_loop": lambda _for, names, _in, iterable, _if, condition: (names, iterable, condition),
}
