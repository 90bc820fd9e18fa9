"""Owns the translation of chains, forks, shared layers and loops."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from netwright.backends.keras.choices import write_if
from netwright.backends.keras.layers_built import ComposedLayer, ForkLayer, settled
from netwright.backends.keras.layers_called import share
from netwright.backends.keras.layers_looped import LoopLayer
from netwright.backends.keras.rows import Rows
from netwright.backends.keras.scope import Carry, names_in
from netwright.backends.keras.statements import Expression, For, Statement
from netwright.backends.keras.syntax import Atom, Call, Code, Comprehension, Display, Member
from netwright.backends.keras.terms import Layer, Plain, Tensor, Tensors, Term, flowing, temps_of
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


#: what a layer is applied to is in a variable if it is longer
LONG = 45


def chain(to: Translator, expr: tree.Chain, carry: Carry, stage: bool) -> Term:
    """Each stage applied to what the one before made; a layer where the first is one."""
    head, *stages = expr.stages
    term = to.evaluate(head, carry)
    if isinstance(term, Layer):
        return ComposedLayer((term, *map(to.layer, stages)), tuple(each.span for each in expr.stages))
    for each in stages:
        term = settled(term, carry)
        if isinstance(term, Tensor) and len(term.code.flat()) > LONG:
            term = carry.hold(term)
        term = _applied_at_once(to, each).apply(to, term, each.span, carry)
    return term


def _applied_at_once(to: Translator, stage: tree.Expr) -> Layer:
    """The layer of a stage; one that is shared but applied only here is shared with nothing."""
    return to.layer(stage.layer if isinstance(stage, tree.Shared) else stage)


def fork(to: Translator, expr: tree.Fork, carry: Carry, stage: bool) -> Term:
    """`{f, g}`"""
    return ForkLayer(tuple(map(to.layer, expr.branches)), tuple(branch.span for branch in expr.branches))


def shared(to: Translator, expr: tree.Shared, carry: Carry, stage: bool) -> Term:
    """`shared f`: made here."""
    return share(to, to.layer(expr.layer), None, expr.span)


# ---------------------------------------------------------------- loops


def loop(to: Translator, expr: tree.Loop, carry: Carry, stage: bool) -> Term:
    """`(body for targets in items)` or `[body for ...]`"""
    items = to.operand(expr.iterable)
    if expr.kind == "chain":
        bound, read = to.scope.bindings(), names_in(expr)
        return LoopLayer(expr, items, to, {name: bound[name] for name in bound if name in read})
    return list_of(to, expr, items, lambda term: to.code(term, expr.body.span))


def list_of(to: Translator, expr: tree.Loop, items: Term, code_of: Callable[[Term], Code]) -> Term:
    """`[body for ...]`; `code_of` says what stands in the list."""
    rows = Rows(to, expr, items)
    with to.scope.binding({**to.scope.terms, **rows.terms}):
        condition = None if expr.condition is None else to.plain(expr.condition)
        with to.scope.block(loop=rows.variables) as body:
            term = to.evaluate(expr.body, Carry(to.scope))
            code = code_of(term)
    rows.release()
    temps = temps_of([term])
    if not body:
        made: Code = Comprehension(_kind(term), code, rows.variables, rows.code, condition)
    else:
        made = Atom(to.scope.temporary("items"))
        body.append(Expression(Call(Member(made, "append"), (code,))))
        to.scope.assign((made.text,), Display("list", ()))
        to.scope.emit(For(rows.variables, rows.code, _filtered(to, body, condition)))
        to.scope.release(temps)
        temps = frozenset({made.text})
    return _list_term(term, made, temps)


def _kind(item: Term) -> Literal["tuple", "list"]:
    return "tuple" if isinstance(item, (Plain, Layer)) else "list"


def _filtered(to: Translator, body: list[Statement], condition: Code | None) -> list[Statement]:
    """The statements, under a condition if there is one."""
    if condition is None:
        return body
    with to.scope.block() as statements:
        write_if(to.scope, condition, body, [])
    return statements


def _list_term(item: Term, code: Code, temps: frozenset[str]) -> Term:
    """A list of such items."""
    if isinstance(item, (Plain, Layer)):
        return Plain(code)
    parts = list(flowing(item))
    eager = all(part.eager for part in parts)
    applied = isinstance(code, Comprehension) and any(part.applied for part in parts)
    return Tensors(code, None, applied, temps, eager)
