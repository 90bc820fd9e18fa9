"""Owns what an extern becomes: its class, imported, with all its arguments by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.layers_operator import OperatorLayer
from netwright.backends.keras.terms import Given
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
    given = {argument.name or names[index]: argument.value for index, argument in enumerate(arguments)}
    inside = Translator(to.emission, module, to.scope, to.params)
    terms = inside.with_defaults(declared.parameters, {name: to.operand(value) for name, value in given.items()})
    places = {parameter.name: parameter.default for parameter in declared.parameters if parameter.default} | given
    keywords = tuple((name, to.code(terms[name], places[name].span)) for name in names)
    cls = class_of(to.emission.elaborated.session, module, declared)
    return OperatorLayer(cls, Given((), keywords, ()), place)
