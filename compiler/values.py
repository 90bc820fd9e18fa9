"""Owns the values that flow expressions have at compile time beside tensors (`ir.Value`): layers, and how each kind
is named to the user. Numbers, strings and booleans are Python's; lists and tuples are tuples; dims are ints or
SymbolicDim."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from netwright.compiler.dims import SymbolicDim
from netwright.compiler.ir import Instance, Tensors, Value
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.ops.op import Op
from netwright.dsl.records import field, record
from netwright.dsl.source import Span
from netwright.dsl.tree import Block

if TYPE_CHECKING:
    from netwright.compiler.scope import Module


@record
class Layer:
    """Anything that takes tensors to tensors. Equal layers do the same; their places do not count."""


@record
class OperatorLayer(Layer):
    """An operator with its configuration; `keywords` are call-time tensors, `places` where its arguments stand."""

    op: Op
    keywords: tuple[tuple[str, Tensors], ...] = ()
    span: Span | None = field(default=None, compare=False)
    places: tuple[tuple[str, Span], ...] = field(default=(), compare=False)

    def place(self, attribute: str) -> Span | None:
        """Where the attribute was given, if it was."""
        return next((span for name, span in self.places if name == attribute), None)


@record
class BlockLayer(Layer):
    """A block of a module with all its arguments, defaults filled in, in the header's order."""

    block: Block
    module: Module = field(compare=False)
    arguments: tuple[Any, ...]
    given: str = field(default="", compare=False)

    def key(self) -> tuple[Any, ...]:
        """What tells calls apart; True and 1 are different arguments."""
        return (self.block, tuple((type(item), item) for item in self.arguments))


@record
class Composition(Layer):
    """Layers in sequence, each with the place it was written at."""

    stages: tuple[Layer, ...]
    spans: tuple[Span, ...] = field(compare=False)


@record
class Repetition(Layer):
    """`count` copies in sequence, each with its own weights."""

    layer: Layer
    count: int


@record
class Branches(Layer):
    """A fork: every branch gets the same input."""

    branches: tuple[Layer, ...]
    spans: tuple[Span, ...] = field(compare=False)


@record
class SharedLayer(Layer):
    """One instance of a layer. `call` holds call-time arguments of this use."""

    instance: Instance
    layer: Layer


def tensors_in(value: Any) -> Iterator[Value]:
    """The tensors in a value or a (nested) tuple of them."""
    if isinstance(value, Value):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from tensors_in(item)


#: characters of a string, items of a list, and lists in lists that are shown
MOST_SHOWN = 60
MOST_ITEMS = 12
MOST_LEVELS = 3

_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a boolean"),
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (type(None), "none"),
    (SymbolicDim, "a symbolic dim"),
    (Value, "a tensor"),
    (Layer, "a layer"),
    (Configuration, "a configuration object"),
    (tuple, "a list"),
)


def kind_of(value: Any) -> str:
    """How the kind of a value is named in messages."""
    if isinstance(value, Value) and value.constant is None:
        return f"a tensor {value.type}"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), type(value).__name__)


def show(value: Any) -> str:
    """The value as a spec would write it; for messages and reports."""
    shown = next((how for kind, how in _SHOWN if isinstance(value, kind)), str)
    return shown(value)


def show_declared(item: Op | Configuration) -> str:
    """`dense(10, activation="relu")`, without attributes at their defaults."""
    given = ", ".join(
        show(value) if attribute.required else f"{name}={show(value)}"
        for name, value in item.given().items()
        for attribute in (type(item).attributes()[name],)
    )
    return f"{item.name_in_flow}({given})" if given else item.name_in_flow


def _show_list(items: tuple[Any, ...], levels: int) -> str:
    """A list as far as a reader would look."""
    shown = items[:MOST_ITEMS] if levels > 0 else ()
    texts = [_show_list(item, levels - 1) if isinstance(item, tuple) else show(item) for item in shown]
    return "[" + ", ".join([*texts, "..."] if len(shown) < len(items) else texts) + "]"


_SHOWN: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (type(None), lambda value: "none"),
    (str, lambda value: f'"{value}"' if len(value) <= MOST_SHOWN else f'"{value[:MOST_SHOWN]}..."'),
    (tuple, lambda value: _show_list(value, MOST_LEVELS)),
    (OperatorLayer, lambda layer: show_declared(layer.op)),
    (BlockLayer, lambda layer: layer.block.name + (f"({layer.given})" if layer.given else "")),
    (SharedLayer, lambda layer: layer.instance.name),
    ((Layer, Value), kind_of),
    ((Op, Configuration), show_declared),
)
