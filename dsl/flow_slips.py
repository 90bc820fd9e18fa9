"""Owns the common slips: how each is recognised from where the parse stopped, and what mends it. A slip is
one function; SLIPS is the order in which they are tried. Those of other languages are in `flow_habits.py`."""

from __future__ import annotations

from collections.abc import Callable

from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.flow_habits import HABITS
from netwright.dsl.flow_mistake import OPERATORS, Mistake
from netwright.dsl.flow_tables import END
from netwright.dsl.flow_tokens import CLOSING, OPENING
from netwright.dsl.names import KEYWORDS, name_fault

Slip = Callable[[Mistake], Diagnostic | None]

_FORMS = {
    "header": "a block is headed like this: x -> name(parameter, other=1)",
    "extern": "a layer of your own is headed like this: x: f32[N, D] -> name(parameter, other=1): f32[N, D]",
    "type": "a type is a dtype with dims, f32[N, 10]; that of a scalar is f32[]",
}


def describe(mistake: Mistake) -> Diagnostic:
    """The diagnostic for a mistake: that of the first slip that recognises it, or what was expected and found."""
    for slip in SLIPS:
        found = slip(mistake)
        if found:
            return found
    return mistake.report(_FORMS.get(mistake.start))


def _word_as_name(mistake: Mistake) -> Diagnostic | None:
    only_name = "NAME" in mistake.expected and not mistake.at_operand
    if mistake.text() in KEYWORDS and (only_name or mistake.kind(1) == "="):
        return name_fault(mistake.text(), mistake.span)
    if mistake.kind() == "=" and mistake.text(-1) in KEYWORDS:
        return name_fault(mistake.text(-1), mistake.span_of(-1))
    return None


def _bracket_never_closed(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != END or not mistake.opened:
        return None
    help = f"put `{OPENING[mistake.opener]}` where it ends"
    return mistake.report(help, f"this `{mistake.opener}` is never closed", labels=(_opening(mistake),))


def _bracket_closed_by_another(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() not in CLOSING or mistake.kind() == OPENING.get(mistake.opener):
        return None
    if not mistake.opened:
        return mistake.report("remove it, or open a bracket before it", f"`{mistake.text()}` closes no bracket")
    message = f"`{mistake.opener}` is closed by `{mistake.text()}`"
    return mistake.report(f"put `{OPENING[mistake.opener]}` here", message, labels=(_opening(mistake),))


def _opening(mistake: Mistake) -> Label:
    return Label(mistake.tokens.span(mistake.opened[-1]), "opened here")


def _operator_at_line_end(mistake: Mistake) -> Diagnostic | None:
    last = mistake.kind(-1)
    if mistake.kind() != END or last not in OPERATORS | {"=", "not", "shared"}:
        return None
    span = mistake.span_of(-1)
    if last == "=":
        return mistake.report("begin the value on this line", "no value stands after `=`", span)
    help = f"begin the next line with `{last}`, and it continues this one"
    if mistake.line.stop == len(mistake.tokens.kinds):
        help = "remove it, or write the layer it leads to" if last == "->" else "remove it, or write what follows it"
    return mistake.report(help, f"nothing stands after `{last}`", span)


def _arrow_from_nothing(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != "->" or not mistake.at_operand:
        return None
    if mistake.index > mistake.line.first:
        return mistake.report("a composition of layers begins with a layer: f -> g")
    help = "begin with the tensor: x -> f; in a list of layers leave `->` out"
    return mistake.report(help, "nothing stands before `->`")


def _equals_in_expression(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != "=":
        return None
    if mistake.in_call:
        return mistake.report("an argument is given as name=value; `==` compares")
    if mistake.start == "line" and "=" in mistake.tokens.kinds[mistake.line.first : mistake.index]:
        return mistake.report("one line binds once; `==` compares")
    return mistake.report("`==` compares; `=` binds a name at the beginning of a line of a body")


def _conditional_without_else(mistake: Mistake) -> Diagnostic | None:
    if "else" not in mistake.expected or mistake.kind() not in {END, ",", *CLOSING}:
        return None
    return mistake.report("a choice needs both sides: a if c else b", f"expected `else`, found {mistake.found()}")


def _tuple_without_brackets(mistake: Mistake) -> Diagnostic | None:
    if mistake.opened or mistake.start not in {"line", "expression"}:
        return None
    left = mistake.tokens.kinds[mistake.line.first : mistake.index]
    if mistake.kind() != "," and not (mistake.kind() == END and "," in left and "=" in mistake.expected):
        return None
    span = mistake.span if mistake.kind() == "," else mistake.tokens.span(mistake.line.first, mistake.index - 1)
    message = "several values stand side by side without brackets"
    return mistake.report("put brackets round a tuple: (a, b)", message, span)


def _loop_without_brackets(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != "for" or not mistake.after_operand:
        return None
    return mistake.report("put the loop in brackets of its own: (f(w) for w in [64, 128])")


def _expressions_side_by_side(mistake: Mistake) -> Diagnostic | None:
    if not mistake.after_operand or mistake.kind() not in {
        "NAME",
        "NUMBER",
        "STRING",
        "CONSTANT",
        "{",
        "not",
        "shared",
    }:
        return None
    if mistake.opened:
        return mistake.report(f"is a comma missing before `{mistake.text()}`?")
    help = "put `->` or another operator between them" + (", or begin a new line" if mistake.start == "line" else "")
    message = f"a second expression, `{mistake.text()}`, on one line"
    return mistake.report(help, message)


SLIPS: tuple[Slip, ...] = (
    _word_as_name,
    *HABITS,
    _bracket_closed_by_another,
    _conditional_without_else,
    _operator_at_line_end,
    _bracket_never_closed,
    _arrow_from_nothing,
    _equals_in_expression,
    _tuple_without_brackets,
    _loop_without_brackets,
    _expressions_side_by_side,
)
