"""Owns what layers that hold other layers share: layers as attributes, the blame for what an inner layer refuses, its
weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from netwright.compiler.ops.attributes import TYPES, AttributeType
from netwright.compiler.ops.op import Layer, OpError, Weight
from netwright.compiler.ops.recurrence import Recurrence
from netwright.compiler.ops.regularizers import expect_trainable
from netwright.compiler.types import TensorType


class _LayerType(AttributeType):
    """A layer with its configuration, as in `bidirectional(lstm(64))`; the normal form is the operator."""

    wanted: type[Layer] = Layer
    expected = "a layer with its configuration, such as dense(10)"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, self.wanted):
            return value
        raise self.fault()


class _RecurrentType(_LayerType):
    """A recurrent layer with its configuration."""

    wanted = Recurrence
    expected = "a recurrent layer, such as lstm(64)"


TYPES |= {"LayerArgument": _LayerType(), "RecurrentArgument": _RecurrentType()}

# what type checkers see behind the annotation names
LayerArgument = Layer
RecurrentArgument = Recurrence


@contextmanager
def blamed(attribute: str, layer: Layer) -> Iterator[None]:
    """Errors of the inner layer name the argument that gave it."""
    try:
        yield
    except OpError as error:
        at = attribute if error.at is None or isinstance(error.at, str) else error.at
        message = f"in {layer.name_in_flow}: {error.message}"
        raise OpError(error.code, message, at=at, label=error.label, help=error.help) from None


def expect_inner(layer: Layer, x: TensorType, *outputs: TensorType) -> None:
    """What every layer must fulfil, of one inside another: regularizers and constraints fit weights and outputs. `x` is
    as the layer receives it."""
    expect_trainable(layer, layer.weights(x), outputs)


def nested(prefix: str, weights: Iterable[Weight], trainable: bool) -> Iterator[Weight]:
    """An inner layer's weights by their names in the outer one."""
    for weight in weights:
        yield weight._replace(name=prefix + weight.name, trainable=weight.trainable and trainable)
