"""Owns the way from catalogue values to live Keras objects: an operator to its layer, `l2(1e-4)` to its regularizer.
Keras is imported by whoever chooses its backend (`backends/xla/engines`), before anything here is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial, reduce, singledispatch
from importlib import import_module
from typing import Any

from netwright.backends.keras.written import written
from netwright.compiler.dims import SymbolicDim, evaluate
from netwright.compiler.dtypes import KERAS_NAMES
from netwright.compiler.ops.activation_values import plain_name
from netwright.compiler.ops.activations import ActivationFunction
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Layer

Sizes = Mapping[str, int]
NO_SIZES: Sizes = {}


def keras_callable(path: str) -> Callable[..., Any]:
    """What Keras has at 'layers.Dense' or 'ops.mean', what is written for it: 'written.Maxout', or a class of the
    user's own, which is imported: 'extern.acme.layers.Rotary'."""
    import keras

    head, _, name = path.partition(".")
    if head == "extern":
        module, _, own = name.rpartition(".")
        return getattr(import_module(module), own)  # type: ignore[no-any-return]
    found: Callable[..., Any] = written(name) if head == "written" else reduce(getattr, path.split("."), keras)
    return found


def keras_object(declared: Declared, **changes: Any) -> Any:
    """The Keras object that a catalogue value stands for: a layer, initializer, regularizer, loss, optimizer, ...
    `changes` are arguments in Keras's terms that replace those given."""
    return keras_callable(declared.keras)(**(keras_arguments(declared) | changes))


def keras_arguments(declared: Declared, sizes: Sizes = NO_SIZES, *, call: bool = False) -> dict[str, Any]:
    """What differs from Keras's defaults, as Keras takes it: the configuration, or with `call` what goes to the call.
    `sizes` are the values of symbolic dims. A layer's name is left out: it names a place in a model."""
    attributes = type(declared).attributes()
    return {
        name: keras_value(KERAS_NAMES[value] if _is_dtype(attributes[name].annotation, value) else value, sizes)
        for name, value in declared.given().items()
        if attributes[name].call is call and not (name == "name" and isinstance(declared, Layer))
    }


def _is_dtype(annotation: str, value: Any) -> bool:
    return "DType" in annotation.split(" | ") and value in KERAS_NAMES


@singledispatch
def keras_value(value: Any, sizes: Sizes = NO_SIZES) -> Any:
    """An attribute's normal form as Keras takes it."""
    return value


@keras_value.register
def _(value: tuple, sizes: Sizes = NO_SIZES) -> Any:  # type: ignore[type-arg]
    return tuple(keras_value(item, sizes) for item in value)


@keras_value.register
def _(value: SymbolicDim, sizes: Sizes = NO_SIZES) -> Any:
    return evaluate(value, sizes)


@keras_value.register
def _(value: Declared, sizes: Sizes = NO_SIZES) -> Any:
    return keras_object(value)


@keras_value.register
def _(value: ActivationFunction, sizes: Sizes = NO_SIZES) -> Any:
    return plain_name(value) or partial(keras_callable(value.keras), **keras_arguments(value))
