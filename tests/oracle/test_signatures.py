"""Names, order and defaults of every catalogue class against the signatures of the installed Keras. What a class leaves
out stands in its `excluded`, with the reason."""

from __future__ import annotations

import inspect
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest

from netwright.backends.keras.objects import keras_callable
from netwright.compiler.ops.attributes import REQUIRED, Attribute, AttributeFault
from netwright.compiler.ops.configuration import CONFIGURATIONS, Configuration
from netwright.compiler.ops.op import Function, Layer, Op
from netwright.compiler.ops.registry import OPERATORS

pytestmark = pytest.mark.keras

IN_KERAS = [cls for cls in dict.fromkeys(OPERATORS.values()) if cls.keras]
LAYERS = [cls for cls in IN_KERAS if issubclass(cls, Layer)]
#: what flow has syntax for, so that no one writes its arguments by name
SYNTAX = {"ops.get_item"}
FUNCTIONS = [cls for cls in IN_KERAS if not issubclass(cls, Layer) and cls.keras not in SYNTAX]
for training in ("losses", "metrics", "callbacks", "optimizers", "schedules"):
    import_module(f"netwright.compiler.training.{training}")
OBJECTS = list(dict.fromkeys(CONFIGURATIONS.values()))
NO_VALUE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

Defaults = dict[str, Any]


def _in_keras(cls: type[Op] | type[Configuration]) -> Any:
    """`keras.layers.Dense` for the class whose `keras` is 'layers.Dense'; our own where Keras has none."""
    return keras_callable(cls.keras)


def _keras_defaults(function: Any) -> Defaults:
    """The parameters that take one value each, in order."""
    parameters = inspect.signature(function).parameters.values()
    return {item.name: item.default for item in parameters if item.name != "self" and item.kind not in NO_VALUE}


def _passes_on(keras_class: Any) -> bool:
    """Whether `__init__` hands arguments that it does not name to the class above."""
    return "kwargs" in inspect.signature(keras_class.__init__).parameters


def _inherited_defaults(keras_class: Any) -> Defaults:
    """What `__init__` takes beside what it names, because a class above takes it."""
    chain = [
        cls
        for cls in keras_class.__mro__
        if "__init__" in cls.__dict__ and cls.__module__.startswith(("keras.src.layers", "netwright."))
    ]
    found: Defaults = {}
    for above, cls in pairwise(chain):
        if not _passes_on(above):
            break
        found = {**_keras_defaults(cls.__init__), **found}
    return {name: item for name, item in found.items() if name not in _keras_defaults(keras_class.__init__)}


def _function_defaults(cls: type[Op]) -> Defaults:
    """Those behind the operands, or beside them, and not of the call."""
    given = _keras_defaults(_in_keras(cls))
    first = {"positional": 0 if cls.variadic else len(cls.operands), "list": 1, "einsum": 0, "named": 0}[cls.convention]
    by_call = [name for name, item in cls.attributes().items() if item.call]
    taken = {*list(given)[:first], *(cls.operands if cls.convention == "named" else ()), *by_call}
    return {name: default for name, default in given.items() if name not in taken}


def _disagreements(
    cls: type[Op] | type[Configuration], named: Defaults, inherited: Defaults | None = None
) -> list[str]:
    """Named parameters must be there and in order; of inherited ones those must be there that all layers have."""
    found = {name: item for name, item in cls.attributes().items() if not item.call}
    wanted = [name for name in named if name not in cls.excluded]
    by_position = [name for name, item in found.items() if name in wanted and not item.keyword_only]
    in_order = [name for name in wanted if name in by_position]
    common = {name for name in Layer.attributes() if name in (inherited or {}) and name not in cls.excluded}
    complete = set(wanted) | common <= found.keys() <= set(wanted) | set(inherited or {})
    if not complete or by_position != in_order or list(found)[: len(in_order)] != in_order:
        return [f"takes {list(found)}, Keras takes {wanted} and {sorted(inherited or {})}"]
    defaults = {**(inherited or {}), **named}
    return [text for name, item in found.items() for text in _default_disagreements(cls, item, defaults[name])]


def _default_disagreements(cls: Any, attribute: Attribute, wanted: Any) -> list[str]:
    if wanted is inspect.Parameter.empty:
        return [] if attribute.default is REQUIRED else [f"{attribute.name} has a default, in Keras it has none"]
    try:
        normal = attribute.convert(tuple(wanted) if isinstance(wanted, list) else wanted, cls)
    except AttributeFault as fault:
        return [f"{attribute.name} does not take Keras's default {wanted!r}: {fault}"]
    return [] if normal == attribute.default else [f"{attribute.name} is {attribute.default!r}, in Keras {wanted!r}"]


def _names(cls: Any) -> str:
    return str(cls.keras)


@pytest.mark.parametrize("cls", LAYERS, ids=_names)
def test_a_layer_has_keras_signature(cls: type[Layer]) -> None:
    keras_class = _in_keras(cls)
    assert _disagreements(cls, _keras_defaults(keras_class.__init__), _inherited_defaults(keras_class)) == []


@pytest.mark.parametrize("cls", [*LAYERS, *FUNCTIONS], ids=_names)
def test_call_arguments_are_those_of_the_keras_call(cls: type[Op]) -> None:
    ours = {name for name, item in cls.attributes().items() if item.call}
    target = _in_keras(cls)
    assert ours <= _keras_defaults(target.call if issubclass(cls, Layer) else target).keys()


@pytest.mark.parametrize("cls", FUNCTIONS, ids=_names)
def test_a_function_has_keras_signature(cls: type[Function]) -> None:
    assert _disagreements(cls, _function_defaults(cls)) == []


@pytest.mark.parametrize("cls", OBJECTS, ids=_names)
def test_a_configuration_object_has_keras_signature(cls: type[Configuration]) -> None:
    assert _disagreements(cls, _keras_defaults(_in_keras(cls).__init__)) == []


@pytest.mark.parametrize("cls", [*IN_KERAS, *OBJECTS], ids=_names)
def test_only_what_keras_has_is_excluded(cls: type[Op] | type[Configuration]) -> None:
    target = _in_keras(cls)
    has = _keras_defaults(target.__init__ if inspect.isclass(target) else target)
    if issubclass(cls, Layer):
        has = {**_inherited_defaults(target), **has}
    assert cls.excluded.keys() <= has.keys()


def test_no_name_is_claimed_twice() -> None:
    hidden = [cls.__qualname__ for cls in _concrete(Op) if OPERATORS[cls.name_in_flow] is not cls]
    assert hidden == []


def _concrete(base: type[Op]) -> list[type[Op]]:
    """The operators among all subclasses that the package defines."""
    below = [cls for direct in base.__subclasses__() for cls in (direct, *_concrete(direct))]
    return [cls for cls in dict.fromkeys(below) if not cls.abstract and cls.__module__.startswith("netwright.")]
