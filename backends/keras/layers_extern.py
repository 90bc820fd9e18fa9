"""Owns what an extern becomes: its class, imported, with all its arguments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.layers_operator import OperatorLayer
from netwright.backends.keras.terms import Given, Term
from netwright.compiler.externs import class_of
from netwright.compiler.scope import Module
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def extern(
    to: Translator, module: Module, declared: tree.Extern, arguments: tuple[tree.Argument, ...], place: Span
) -> OperatorLayer:
    """The layer that a call makes."""
    from netwright.backends.keras.translator import Translator

    names = [parameter.name for parameter in declared.parameters]
    terms: dict[str, Term] = {}
    places: dict[str, Span] = {}
    for index, argument in enumerate(arguments):
        name = argument.name or names[index]
        terms[name], places[name] = to.operand(argument.value), argument.value.span
    inside = Translator(to.emission, module, to.scope, to.params)
    for parameter in declared.parameters:
        if parameter.name not in terms and parameter.default is not None:
            with to.scope.binding(dict(terms)):
                terms[parameter.name] = inside.operand(parameter.default)
            places[parameter.name] = parameter.default.span
    keywords = tuple((name, to.code(terms[name], places[name])) for name in names)
    cls = class_of(to.emission.elaborated.session, module, declared)
    return OperatorLayer(cls, Given((), keywords, ()), place)
