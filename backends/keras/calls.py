"""Owns the translation of names and calls: bindings, params, blocks, operators, functions of numbers. It follows
compiler/calling.py step by step, so that a name means the same in Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from netwright.backends.keras import arguments as given
from netwright.backends.keras.layers_block import BlockLayer, call_function
from netwright.backends.keras.layers_called import SharedLayer
from netwright.backends.keras.layers_extern import extern
from netwright.backends.keras.layers_operator import OperatorLayer, create
from netwright.backends.keras.layers_recurrent import recurrent
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Size, rewrite
from netwright.backends.keras.terms import BlockArgument, Layer, Plain, Term
from netwright.compiler.keras_modules import keras_module
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.op import Op
from netwright.compiler.scope import Module
from netwright.compiler.value_functions import VALUE_FUNCTIONS
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.scope import Carry
    from netwright.backends.keras.translator import Translator

#: functions of numbers that are no builtins of Python
_MATH = {"ceil", "floor", "sqrt", "log2"}

Arguments = tuple[tree.Argument, ...]


# ---------------------------------------------------------------- names


def name(to: Translator, expr: tree.Name, carry: Carry, stage: bool) -> Term:
    """What a bare name stands for."""
    term = bound(to, expr.id)
    if term is not None:
        return term
    if expr.id in to.module.blocks:
        return _block(to, to.module, to.module.blocks[expr.id], (), expr.span)
    operator = find_operator(expr.id)
    if operator is not None:
        return _operator(to, operator, (), expr.span)
    return to.refuse(f"no name '{expr.id}' is known here", expr.span, code="unknown-name")


def bound(to: Translator, name: str) -> Term | None:
    """What a binding, a param or an entry of `layers` gives the name."""
    term = to.scope.find(name)
    if term is not None:
        return term
    if to.module is to.emission.main:
        return to.params.get(name)
    return to.emission.constant(to.module, name) if name in to.module.params else None


def qualified(to: Translator, expr: tree.Attribute, arguments: Arguments) -> Term | None:
    """What `alias.block` or `ops.function` stands for; None where the base is neither."""
    base = expr.base.id if isinstance(expr.base, tree.Name) else ""
    if base in to.module.uses:
        module = to.module.uses[base]
        if expr.name not in module.blocks:
            to.refuse(f"'{base}' has no block '{expr.name}'", expr.name_span, code="unknown-name")
        return _block(to, module, module.blocks[expr.name], arguments, expr.span)
    keras = keras_module(expr.base)
    if keras is not None and bound(to, keras[0].id) is None:
        operator = find_operator(f"{keras[1]}.{expr.name}")
        if operator is None:
            to.refuse(f"keras.{keras[1]} has no '{expr.name}' here", expr.name_span, code="unknown-operator")
        return _operator(to, operator, arguments, expr.span)
    return None


# ---------------------------------------------------------------- calls


def call(to: Translator, expr: tree.Call, carry: Carry, stage: bool) -> Term:
    """What `function(arguments)` stands for."""
    function = expr.function
    if isinstance(function, tree.Attribute):
        found = qualified(to, function, expr.arguments)
        if found is not None:
            return found
    elif isinstance(function, tree.Name) and bound(to, function.id) is None:
        return _named(to, function, expr, stage)
    return _call_time(to, to.evaluate(function, stage=True), expr)


def _named(to: Translator, function: tree.Name, expr: tree.Call, stage: bool) -> Term:
    name = function.id
    if name in to.module.blocks:
        return _block(to, to.module, to.module.blocks[name], expr.arguments, expr.span)
    operator = find_operator(name)
    positional = any(argument.name is None for argument in expr.arguments)
    if name in VALUE_FUNCTIONS and (positional or operator is None) and not stage:
        return _value_function(to, name, expr)
    if operator is not None:
        return _operator(to, operator, expr.arguments, expr.span)
    configuration = find_configuration(name)
    if configuration is not None:
        return Plain(given.configuration(to, configuration, expr.arguments))
    return to.refuse(f"no layer, block or operator '{name}' is known here", function.span, code="unknown-operator")


def _value_function(to: Translator, name: str, expr: tree.Call) -> Term:
    positional = tuple(to.plain(argument.value) for argument in expr.arguments if argument.name is None)
    keywords = tuple((argument.name, to.plain(argument.value)) for argument in expr.arguments if argument.name)
    if name == "sum" and len(positional) > 1:
        positional = (Display("tuple", positional),)
    if name == "len":  # the length of a shape is known even where its sizes are not
        positional = tuple(rewrite(code, _known_size) for code in positional)
    code = Call(_python_function(name), positional, keywords)
    return Plain(Call(Atom("tuple"), (code,)) if name == "range" else code)


def _known_size(part: Code) -> Code | None:
    return replace(part, known=True) if isinstance(part, Size) else None


def _python_function(name: str) -> Code:
    return Atom(f"math.{name}" if name in _MATH else name)


def _operator(to: Translator, cls: type[Op], arguments: Arguments, place: Span) -> Term:
    if cls.runs_cell:
        return recurrent(to, cls, arguments, place)
    layer = OperatorLayer(cls, given.of_operator(to, cls, arguments), place)
    return layer if cls.operands or cls.variadic else create(to, layer, place)


def _call_time(to: Translator, term: Term, expr: tree.Call) -> Layer:
    """`f(initial_state=...)` for a layer that has its configuration already."""
    if isinstance(term, SharedLayer) and term.operator is not None:
        return term.called_with(given.of_operator(to, term.operator.cls, expr.arguments))
    if isinstance(term, OperatorLayer):
        return term.called_with(given.of_operator(to, term.cls, expr.arguments))
    return to.refuse("this takes no arguments here", expr.span)


# ---------------------------------------------------------------- blocks


def _block(to: Translator, module: Module, block: tree.Block | tree.Extern, arguments: Arguments, place: Span) -> Term:
    if isinstance(block, tree.Extern):
        return extern(to, module, block, arguments, place)
    terms = tuple(
        BlockArgument(argument.name, to.operand(argument.value), argument.value.span) for argument in arguments
    )
    if block.is_function:
        return call_function(to, module, block, terms, place)
    return BlockLayer(module, block, terms, place)
