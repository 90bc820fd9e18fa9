"""Owns the slips of those whose hands know Python, YAML or another language: `lambda`, `x += 1`, `units: 64`. Each
is recognised from where the parse stopped. Knows nothing of the order in which slips are tried."""

from __future__ import annotations

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.flow_mistake import Mistake
from netwright.dsl.flow_tables import END

_STATEMENTS = {
    "return": "leave it out: the last line of a body is its result",
    "def": "blocks are written under `blocks`: x -> name(parameter): ...",
    "class": "blocks are written under `blocks`: x -> name(parameter): ...",
    "import": "name the other spec under `use`: alias: other.yaml",
    "from": "name the other spec under `use`: alias: other.yaml",
    "lambda": "write the expression itself, or a block under `blocks`: x -> name(parameter): ...",
    "let": "leave it out: name = value",
    "var": "leave it out: name = value",
    "const": "leave it out: name = value",
    "while": "repeat a layer with f * 3, or write a loop: (f(w) for w in [64, 128])",
    "elif": "a choice is written: a if c else b if d else e",
    "is": "equality is written ==",
    "xor": "write (a or b) and not (a and b)",
}
_PREFIXED = frozenset({"f", "r", "b", "u", "rb", "br", "fr", "rf"})


def statement_word(mistake: Mistake) -> Diagnostic | None:
    for away in (-1, 0):
        if mistake.kind(away) == "NAME" and mistake.text(away) in _STATEMENTS:
            word = mistake.text(away)
            return mistake.report(_STATEMENTS[word], f"`{word}` is not a word of flow", mistake.span_of(away))
    return None


def lambda_call(mistake: Mistake) -> Diagnostic | None:
    """`lambda(x: x + 1)`."""
    called = mistake.opened[-1] - 1 - mistake.index if mistake.in_call else 0
    if mistake.kind() != ":" or mistake.text(called).lower() != "lambda":
        return None
    return mistake.report(
        _STATEMENTS["lambda"], f"`{mistake.text(called)}` is not a word of flow", mistake.span_of(called)
    )


def statement(mistake: Mistake) -> Diagnostic | None:
    """`if c:` and `for w in ws:` as lines of their own."""
    first = mistake.tokens.kinds[mistake.line.first]
    if first == "if" and mistake.index == mistake.line.first:
        return mistake.report("a choice is an expression: y = a if c else b")
    if first == "for" and mistake.index == mistake.line.first:
        return mistake.report("a loop is an expression in brackets: (f(w) for w in [64, 128])")
    return None


def negated_membership(mistake: Mistake) -> Diagnostic | None:
    if (mistake.kind(), mistake.kind(1)) != ("not", "in") or not mistake.after_operand:
        return None
    return mistake.report("write: not a in b", "there is no operator `not in`")


def augmented_binding(mistake: Mistake) -> Diagnostic | None:
    operator = mistake.kind(-1)
    if mistake.kind() != "=" or operator not in set("+ - * / // % ** @".split()) or not mistake.is_glued(-1):
        return None
    message = f"there is no `{operator}=`: names are bound once"
    return mistake.report("bind the result to a new name", message, mistake.span_of(-1).to(mistake.span))


def other_arrow(mistake: Mistake) -> Diagnostic | None:
    """`=>` and `-->`."""
    return _other_operator(mistake, {"=>": "->", "-->": "->"})


def other_comparison(mistake: Mistake) -> Diagnostic | None:
    """`===`, `!==` and `<>`."""
    return _other_operator(mistake, {"===": "==", "!==": "!=", "<>": "!="})


def _other_operator(mistake: Mistake, meant: dict[str, str]) -> Diagnostic | None:
    for away in (-1, 0):  # after a binding's `=` the parse stops one token earlier
        found = mistake.text(away) + mistake.text(away + 1)
        if found in meant and mistake.is_glued(away):
            span = mistake.span_of(away).to(mistake.span_of(away + 1))
            return mistake.report(f"write {meant[found]}", f"`{found}` is not an operator", span)
    return None


def colon(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != ":":
        return None
    if mistake.in_call and mistake.kind(-1) == "NAME":
        return mistake.report(f"an argument is given as {mistake.text(-1)}=value")
    if mistake.opener == "{":
        return mistake.report("braces hold the branches of a fork: {f, g -> h}")
    if mistake.kind(1) == END:
        return mistake.report("leave it out")
    return None


def unpacking(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() not in {"*", "**"} or not mistake.at_operand or mistake.kind(-1) not in {"(", "[", ","}:
        return None
    return mistake.report("write the values one by one", f"`{mistake.text()}` unpacks nothing here")


def string_prefix(mistake: Mistake) -> Diagnostic | None:
    if mistake.kind() != "STRING" or mistake.text(-1).lower() not in _PREFIXED or not mistake.is_glued(-1):
        return None
    message = f"a string has no `{mistake.text(-1)}` before it"
    return mistake.report("leave it out: strings are plain", message, mistake.span_of(-1))


HABITS = (
    statement_word,
    lambda_call,
    statement,
    negated_membership,
    augmented_binding,
    other_arrow,
    other_comparison,
    colon,
    unpacking,
    string_prefix,
)
