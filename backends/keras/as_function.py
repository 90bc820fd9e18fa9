"""Owns how a layer becomes a Python function of tensors: a lambda where one expression applies it, else a `def`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.names import Names
from netwright.backends.keras.scope import Carry, Scope, carried
from netwright.backends.keras.syntax import Atom, Code, Function, Lambda, Return
from netwright.backends.keras.terms import Items, Layer, Tensors, Term
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def as_function(to: Translator, layer: Layer, place: Span) -> Code:
    """A function that applies the layer to its operands, with weights of its own each time."""
    scope = Scope(Names(to.scope.names), to.scope)
    scope.loops = to.scope.loops
    operand, parameters = _operand(scope, layer.operands())
    scope.anchor = Atom(parameters[0]) if parameters[0].isidentifier() else None
    inner = to.beside(scope)
    result = layer.apply(inner, operand, place, Carry(scope, parameters[0] if len(parameters) == 1 else None))
    code = inner.code(result, place)
    if not scope.statements:
        return Lambda((*parameters, *to.loop_defaults(code)), code)
    return _define(to, scope, parameters, code)


def _operand(scope: Scope, count: int) -> tuple[Term, tuple[str, ...]]:
    if not count:
        name = scope.names.claim_first(("tensors",))
        return Tensors(Atom(name), None), (f"*{name}",)
    names = tuple(scope.temporary() for _ in range(count))
    terms = tuple(carried(name) for name in names)
    return (terms[0] if count == 1 else Items(terms)), names


def _define(to: Translator, scope: Scope, parameters: tuple[str, ...], code: Code) -> Code:
    scope.emit(Return((code,)))
    name = to.scope.names.claim_first(("layer",))
    loops = [(variable, Atom(variable)) for variable in to.scope.loops]
    to.scope.emit(Function(name, [(parameter, None) for parameter in parameters] + loops, scope.statements))
    return Atom(name)
