"""Owns the translation of bodies: bindings become assignments, shape patterns name the sizes that are used, the result
is returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from netwright.backends.keras.as_function import define
from netwright.backends.keras.choices import Side, side, write_if
from netwright.backends.keras.evidence import are_known
from netwright.backends.keras.layers_called import FunctionLayer, share
from netwright.backends.keras.scope import Carry, Scope, names_in
from netwright.backends.keras.statements import Return
from netwright.backends.keras.syntax import Atom, Code, Display, Member, Size, Ternary
from netwright.backends.keras.terms import (
    NOTHING,
    Items,
    Layer,
    Plain,
    Tensor,
    Tensors,
    Term,
    flowing,
    is_unknown,
    temps_of,
)
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator

Finish = Callable[[tree.Expr], Term]


def write_body(to: Translator, body: tree.Body, finish: Finish | None = None) -> Term:
    """The statements of a body; `finish` does what is to be done with its result, else that is returned."""
    for binding in body.bindings:
        _bind(to, binding)
        to.scope.uses.subtract(names_in(binding.value))
    if body.result is None:
        return Items(())
    return finish(body.result) if finish else write_return(to, body.result)


# ---------------------------------------------------------------- results


def write_return(to: Translator, expr: tree.Expr) -> Term:
    """`return` what the expression comes to, from within an `if` where it is a choice."""
    if isinstance(expr, tree.Conditional):
        return return_choice(to, expr, partial(write_return, to))
    term = to.evaluate(expr, result_carry(to, expr))
    _return(to, term, expr.span)
    return term


def result_carry(to: Translator, expr: tree.Expr) -> Carry:
    """What a body's last chain moves along in: the variable that it begins with, where nothing else reads that and its
    name says no more than that it is a tensor."""
    head = expr.stages[0] if isinstance(expr, tree.Chain) else None
    found = to.scope.find(head.id) if isinstance(head, tree.Name) else None
    if isinstance(found, Tensor) and to.scope.is_last_use(found.code) and len(found.code.flat()) == 1:
        return Carry(to.scope, found.code.flat())
    return Carry(to.scope)


def return_choice(to: Translator, expr: tree.Conditional, finish: Finish) -> Term:
    """A choice of which `finish` returns either side."""
    condition = to.known(to.plain(expr.condition), expr.condition.span)
    then, otherwise = (_side(to, each, finish) for each in (expr.then, expr.otherwise))
    values = [_only_value(each) for each in (then, otherwise)]
    if values[0] and values[1]:
        to.scope.emit(Return((Ternary(values[0], condition, values[1]),)))
    else:
        write_if(to.scope, condition, then.statements, [])
        to.scope.statements += otherwise.statements
    return then.term if any(flowing(then.term)) else otherwise.term


def _side(to: Translator, expr: tree.Expr, finish: Finish) -> Side:
    """One side of a choice, which ends in a return; what only the other side reads may be overwritten."""
    uses, to.scope.uses = to.scope.uses, names_in(expr)
    with side(to.scope) as made:
        made.term = finish(expr)
    to.scope.uses = uses
    return made


def _only_value(made: Side) -> Code | None:
    """What the side returns, if it does nothing else."""
    first = made.statements[0]
    alone = len(made.statements) == 1 and isinstance(first, Return) and len(first.values) == 1
    return first.values[0] if alone and isinstance(first, Return) else None


def _return(to: Translator, term: Term, place: Span) -> None:
    if isinstance(term, Items):
        codes = tuple(to.code(item, place) for item in term.items)
        to.scope.emit(Return(codes if len(codes) > 1 else (Display("tuple", codes),)))
    else:
        to.scope.emit(Return((to.code(term, place),)))


# ---------------------------------------------------------------- bindings


def _bind(to: Translator, binding: tree.Binding) -> None:
    used = [target for target in binding.targets if _is_used(to.scope, target)]
    if not used:
        return
    if len(binding.targets) == 1:
        _bind_one(to, binding.targets[0], binding.value)
    else:
        _bind_several(to, binding)
    for target in used:
        write_pattern(to, target)


def _is_used(scope: Scope, target: tree.Target) -> bool:
    return any(scope.uses[name] for name in (target.name, *names_in(target.dims)))


def _bind_one(to: Translator, target: tree.Target, value: tree.Expr) -> None:
    scope = to.scope
    variable = scope.variable(target.name)
    if isinstance(value, tree.Shared):
        term: Term = share(to, to.layer(value.layer), variable, value.span)
    else:
        term = to.evaluate(value, Carry(scope, variable))
    if not _stands_alone(term):
        scope.terms[target.name] = _assigned(to, variable, term, target)
        return
    scope.pinned.update(names_in(value))
    if isinstance(term, Layer) and term.is_compound:
        define(to, term, value.span, variable)
        term = FunctionLayer(Atom(variable))
    elif not isinstance(value, tree.Shared):
        del scope.variables[variable]
        scope.names.release(variable)
    scope.terms[target.name] = term


def _stands_alone(term: Term) -> bool:
    """Whether no variable can hold it: a layer, or a size that is not known while the model is built."""
    if isinstance(term, Items):
        return any(map(_stands_alone, term.items))
    return isinstance(term, Layer) or (isinstance(term, Plain) and is_unknown(term.code))


def _assigned(to: Translator, variable: str, term: Term, target: tree.Target) -> Term:
    """The term in its variable."""
    to.scope.assign((variable,), to.code(term, target.span), temps_of([term]))
    types = to.emission.evidence.types_at(target.span)
    if isinstance(term, Items):
        return Tensors(Atom(variable), len(term.items), eager=all(each.eager for each in flowing(term)))
    if isinstance(term, Tensor):
        return Tensor(Atom(variable), eager=term.eager, types=types or term.types)
    if isinstance(term, Tensors):
        return replace(term, code=Atom(variable), applied=False, temps=NOTHING)
    return Plain(Atom(variable))


def _bind_several(to: Translator, binding: tree.Binding) -> None:
    scope = to.scope
    names = tuple(scope.variable(target.name) if _is_used(scope, target) else None for target in binding.targets)
    term = to.evaluate(binding.value, Carry(scope, several=names))
    variables = tuple(name or "_" for name in names)
    if isinstance(term, Items) or (isinstance(term, Plain) and isinstance(term.code, Display)):
        _assign_items(to, binding, names, term)
        return
    scope.assign(variables, to.code(term, binding.value.span), temps_of([term]))
    for target, variable in zip(binding.targets, variables, strict=True):
        types = to.emission.evidence.types_at(target.span)
        plain = isinstance(term, Plain)
        eager = isinstance(term, (Tensor, Tensors)) and term.eager
        scope.terms[target.name] = Plain(Atom(variable)) if plain else Tensor(Atom(variable), eager=eager, types=types)


def _assign_items(to: Translator, binding: tree.Binding, names: tuple[str | None, ...], term: Items | Plain) -> None:
    """Each name its item."""
    items = term.items if isinstance(term, Items) else tuple(map(Plain, term.code.items))  # type: ignore[attr-defined]
    for target, name, item in zip(binding.targets, names, items, strict=True):
        if name is not None:
            to.scope.terms[target.name] = item if _stands_alone(item) else _assigned(to, name, item, target)


# ---------------------------------------------------------------- shape patterns


def write_pattern(to: Translator, target: tree.Target) -> None:
    """Names for the sizes that a pattern introduces and the body uses."""
    term = to.scope.terms.get(target.name)
    if not target.dims or not isinstance(term, Tensor):
        return
    known: list[tuple[str, int]] = []
    for axis, name in _named_axes(to, target.dims):
        size = Size(term.code, axis, are_known(term.types, axis))
        if size.known:
            known.append((name, axis))
        else:
            to.scope.terms[name] = Plain(size)
            to.scope.pinned.add(target.name)
    _assign_sizes(to, target.dims, term.code, known)


def _named_axes(to: Translator, dims: tuple[tree.Expr, ...]) -> list[tuple[int, str]]:
    """The free names of a pattern that the body uses, with their axes."""
    return [(axis, name) for axis, name in named_axes(dims) if to.scope.uses[name] and not _is_bound(to, name)]


def named_axes(dims: tuple[tree.Expr, ...]) -> list[tuple[int, str]]:
    """The names in a pattern with their axes, from the end behind an ellipsis and for the last."""
    gap = next((index for index, dim in enumerate(dims) if isinstance(dim, tree.Ellipsis_)), len(dims) - 1)
    names = ((index, dim.id) for index, dim in enumerate(dims) if isinstance(dim, tree.Name))
    return [(index if index < gap else index - len(dims), name) for index, name in names]


def _is_bound(to: Translator, name: str) -> bool:
    return name == "_" or to.scope.find(name) is not None or name in to.module.params


def _assign_sizes(to: Translator, dims: tuple[tree.Expr, ...], tensor: Code, sizes: list[tuple[str, int]]) -> None:
    variables = {axis: to.scope.names.claim(name) for name, axis in sizes}
    for name, axis in sizes:
        to.scope.terms[name] = Plain(Atom(variables[axis]))
    if len(sizes) > 1 and not any(isinstance(dim, tree.Ellipsis_) for dim in dims):
        by_index = {axis % len(dims): variable for axis, variable in variables.items()}
        targets = tuple(by_index.get(index, "_") for index in range(len(dims)))
        to.scope.assign(targets, Member(tensor, "shape"))
        return
    for axis, variable in variables.items():
        to.scope.assign((variable,), Size(tensor, axis))
