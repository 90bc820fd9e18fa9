"""Owns what is chosen when the model is built: a conditional expression where it fits, else an `if` statement."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from netwright.backends.keras.statements import If, Statement
from netwright.backends.keras.syntax import Atom, Code, Joined, Not, Ternary
from netwright.backends.keras.terms import Items, Plain, Tensor, Tensors, Term, flowing, temps_of
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.scope import Carry, Scope
    from netwright.backends.keras.translator import Translator

_PAIRS = (("==", "!="), ("<", ">="), ("<=", ">"), ("in", "not in"), ("is", "is not"))
_OPPOSITE = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


@dataclass(slots=True)
class Side:
    """One side of a choice: what it comes to, and the statements that lead there."""

    term: Term = field(default_factory=lambda: Items(()))
    statements: list[Statement] = field(default_factory=list)


@contextmanager
def side(scope: Scope) -> Iterator[Side]:
    """Inside, statements go to the side; its term is to be set."""
    with scope.block() as statements:
        yield (made := Side(statements=statements))
    assert made.statements is statements


def choose(to: Translator, condition: Code, sides: tuple[Side, Side], carry: Carry, place: Span) -> Term:
    """One of two sides."""
    then, otherwise = sides
    terms = (then.term, otherwise.term)
    if not then.statements and not otherwise.statements:
        return _either(terms, Ternary(to.code(then.term, place), condition, to.code(otherwise.term, place)))
    name = carry.name()
    for each in (then, otherwise):
        with to.scope.block() as more:
            to.scope.assign((name,), to.code(each.term, place), temps_of([each.term]) - {name})
        each.statements += more
    write_if(to.scope, condition, then.statements, otherwise.statements)
    result = _either(terms, Atom(name))
    return result if isinstance(result, Plain) else replace(result, temps=carry.temps, applied=False)


def write_if(scope: Scope, condition: Code, body: list[Statement], otherwise: list[Statement]) -> None:
    """`if`, without a side that has nothing to do."""
    if body:
        scope.emit(If(condition, body, otherwise))
    elif otherwise:
        scope.emit(If(negated(condition), otherwise))


def negated(condition: Code) -> Code:
    """`not condition`"""
    if isinstance(condition, Joined) and len(condition.words) == 1 and condition.words[0] in _OPPOSITE:
        return replace(condition, words=(_OPPOSITE[condition.words[0]],))
    return condition.operand if isinstance(condition, Not) else Not(condition)


def _either(terms: tuple[Term, Term], code: Code) -> Plain | Tensor | Tensors:
    """A term of the kind of these two."""
    if all(isinstance(term, Plain) for term in terms):
        return Plain(code)
    parts = [part for term in terms for part in flowing(term)]
    applied, eager = any(part.applied for part in parts), all(part.eager for part in parts)
    several = next((term for term in terms if isinstance(term, (Items, Tensors))), None)
    if several is not None:
        count = len(several.items) if isinstance(several, Items) else several.count
        return Tensors(code, count, applied, temps_of(terms), eager)
    types = tuple(type for part in parts if isinstance(part, Tensor) for type in part.types)
    return Tensor(code, applied, temps_of(terms), eager, types)
