"""Owns the translation of an operator's and a configuration object's arguments: bare words become strings, lists
tuples, layers whatever the attribute takes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.layers_operator import OperatorLayer
from netwright.backends.keras.literals import string
from netwright.backends.keras.syntax import Atom, Call, Code, Lambda, Ternary
from netwright.backends.keras.terms import Given, Items, Layer, Plain, Term, flowing
from netwright.compiler.dtypes import KERAS_NAMES
from netwright.compiler.ops.attributes import TYPES, Attribute
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import Configuration, ConfigurationType
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Function
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def of_operator(to: Translator, cls: type[Declared], arguments: tuple[tree.Argument, ...]) -> Given:
    """The arguments as Python."""
    attributes = cls.attributes()
    order = [name for name, attribute in attributes.items() if not attribute.keyword_only]
    mixed = issubclass(cls, Function) and any(attribute.call for attribute in attributes.values())
    positional: list[Code] = []
    keywords: list[tuple[str, Code]] = []
    called: list[tuple[str, Code]] = []
    for index, argument in enumerate(arguments):
        attribute = attributes[argument.name or order[index]]
        term = _argument(to, argument.value, attribute)
        code = _code(to, term, argument.value, attribute)
        if attribute.call:
            called.append((attribute.name, code))
        elif argument.name is None and not mixed and (attribute.required or not getattr(cls, "excluded", None)):
            positional.append(code)
        else:  # where Keras has parameters that flow has not, or gives by keyword, positions do not agree
            keywords.append((attribute.name, code))
    return Given(tuple(positional), tuple(keywords), tuple(called))


def configuration(to: Translator, cls: type[Configuration], arguments: tuple[tree.Argument, ...]) -> Code:
    """A configuration object: `keras.regularizers.L2(1e-4)`."""
    given = of_operator(to, cls, arguments)
    return Call(to.emission.keras(cls.keras), given.positional, given.keywords)


def _argument(to: Translator, expr: tree.Expr, attribute: Attribute) -> Term:
    if isinstance(expr, tree.Name):
        return _named(to, expr, attribute)
    if isinstance(expr, tree.Literal) and _is_dtype(attribute) and expr.value in KERAS_NAMES:
        return Plain(Atom(string(KERAS_NAMES[str(expr.value)])))
    if isinstance(expr, tree.Conditional):
        then, otherwise = (_argument(to, side, attribute) for side in (expr.then, expr.otherwise))
        codes = _code(to, then, expr.then, attribute), _code(to, otherwise, expr.otherwise, attribute)
        return Plain(Ternary(codes[0], to.plain(expr.condition), codes[1]))
    if isinstance(expr, (tree.Sequence, tree.Loop)):
        return _listed(to, expr, attribute)
    if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name):
        return _called(to, expr, expr.function.id, attribute)
    return to.operand(expr)


def _called(to: Translator, expr: tree.Call, name: str, attribute: Attribute) -> Term:
    """A call that may make a configuration object of the attribute's kind."""
    kind = configuration_kind(attribute)
    cls = find_configuration(name, kind) if kind else None
    return to.operand(expr) if cls is None else Plain(configuration(to, cls, expr.arguments))


def _listed(to: Translator, expr: tree.Sequence | tree.Loop, attribute: Attribute) -> Term:
    """A list of what the attribute takes, also one made by a loop."""
    from netwright.backends.keras.chains import list_of

    if isinstance(expr, tree.Sequence):
        return _items(tuple(_argument(to, item, attribute) for item in expr.items))
    if expr.kind != "list":
        return to.operand(expr)
    return list_of(to, expr, to.operand(expr.iterable), lambda term: _code(to, term, expr.body, attribute))


def _items(items: tuple[Term, ...]) -> Term:
    from netwright.backends.keras.expressions import items_term

    return items_term(items, "list")


def _named(to: Translator, expr: tree.Name, attribute: Attribute) -> Term:
    """A bare name: what it is bound to, a word of the attribute's own, or an operator."""
    from netwright.backends.keras.calls import bound

    term = bound(to, expr.id)
    if term is not None:
        return term
    if expr.id in to.module.blocks:
        return to.evaluate(expr)
    if _is_dtype(attribute) and expr.id in KERAS_NAMES:
        return Plain(Atom(string(KERAS_NAMES[expr.id])))
    if expr.id in attribute.choices:
        return Plain(Atom(string(expr.id)))
    if find_operator(expr.id) is not None:
        return to.evaluate(expr)
    return to.refuse(f"'{attribute.name}': no name '{expr.id}' is known here", expr.span, code="unknown-name")


def _code(to: Translator, term: Term, expr: tree.Expr, attribute: Attribute) -> Code:
    """What the attribute takes of the term."""
    if isinstance(term, Layer):
        return _layer_code(to, term, expr, attribute)
    if isinstance(term, Items) and not any(flowing(term)):
        return to.code(Items(tuple(Plain(_code(to, item, expr, attribute)) for item in term.items), "list"), expr.span)
    return to.code(term, expr.span)


def _layer_code(to: Translator, layer: Layer, expr: tree.Expr, attribute: Attribute) -> Code:
    """A layer as an activation is a function of tensors; elsewhere it is a layer that another wraps."""
    if "Activation" not in attribute.annotation:
        return layer.instance(to, expr.span)
    if isinstance(layer, OperatorLayer) and layer.is_bare and layer.activation_name in TYPES["Activation"].choices:
        return Atom(string(layer.activation_name))
    function = layer.function(to)
    return to.registered(function) if isinstance(function, Lambda) else function


def _is_dtype(attribute: Attribute) -> bool:
    return "DType" in attribute.annotation.split(" | ")


def configuration_kind(attribute: Attribute) -> str | None:
    """The kind of configuration object that the attribute takes, if any."""
    types = (TYPES[word] for word in attribute.annotation.split(" | "))
    return next((found.kind for found in types if isinstance(found, ConfigurationType)), None)
