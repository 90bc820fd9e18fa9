"""Owns how a layer becomes a Python function of tensors: a lambda where one expression applies it, else a `def`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.names import Names
from netwright.backends.keras.scope import Carry, Scope, carried
from netwright.backends.keras.statements import Function, Return, statement_codes
from netwright.backends.keras.syntax import Atom, Code, Lambda, parts
from netwright.backends.keras.terms import Items, Layer, Tensors, Term, variables_in
from netwright.backends.keras.unread import without_unread
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def as_function(to: Translator, layer: Layer, place: Span) -> Code:
    """A function that applies the layer to its operands, with weights of its own each time."""
    scope, parameters, result = _applied(to, layer, place)
    if not scope.statements:
        code = to.code(result, place)
        return Lambda((*parameters, *to.loop_defaults(code)), code)
    return _define(to, scope, parameters, _codes(to, result, place), to.scope.names.claim_first(("layer",)))


def define(to: Translator, layer: Layer, place: Span, name: str) -> None:
    """The same as a `def` of that name."""
    scope, parameters, result = _applied(to, layer, place)
    _define(to, scope, parameters, _codes(to, result, place), name)


def _applied(to: Translator, layer: Layer, place: Span) -> tuple[Scope, tuple[str, ...], Term]:
    """The layer applied to the parameters of a new function."""
    scope = Scope(Names(to.emission.names), to.scope)
    scope.loops = to.scope.loops
    for name in sorted(variables_in(layer) | variables_in(tuple(to.params.values()))):
        scope.names.claim(name)
    operand, parameters = _operand(scope, layer.operands())
    first = parameters[0] if parameters[0].isidentifier() else None
    scope.anchor = None if first is None else Atom(first)
    carry = Carry(scope, first if len(parameters) == 1 else None)
    return scope, parameters, layer.apply(to.beside(scope), operand, place, carry)


def _operand(scope: Scope, count: int) -> tuple[Term, tuple[str, ...]]:
    if not count:
        name = scope.names.claim_first(("tensors",))
        return Tensors(Atom(name), None), (f"*{name}",)
    names = tuple(scope.temporary() for _ in range(count))
    terms = tuple(carried(name) for name in names)
    return (terms[0] if count == 1 else Items(terms)), names


def _codes(to: Translator, result: Term, place: Span) -> tuple[Code, ...]:
    items = result.items if isinstance(result, Items) else (result,)
    return tuple(to.code(item, place) for item in items)


def _define(to: Translator, scope: Scope, parameters: tuple[str, ...], result: tuple[Code, ...], name: str) -> Code:
    scope.emit(Return(result))
    read = {part.text for code in statement_codes(scope.statements) for part in parts(code) if isinstance(part, Atom)}
    loops = [variable for variable in to.scope.loops if variable in read]
    signature = [*((parameter, None) for parameter in parameters), *((variable, Atom(variable)) for variable in loops)]
    to.scope.emit(without_unread(Function(name, signature, scope.statements)))
    return Atom(name)
