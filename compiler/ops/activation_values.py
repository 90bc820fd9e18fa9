"""Owns activations as values of attributes, `dense(10, activation=relu)`: what can be given as one, and what its name
says of it."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.ops.activations import ACTIVATIONS, ActivationFunction
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Op


class StandsForActivation(Declared):
    """A layer that may be given as an activation: `dense(10, activation=leaky_relu(0.1))`."""

    #: the activation that the layer is where no attribute is given; '' if there is none
    function: ClassVar[str] = ""


def is_activation(value: Any) -> bool:
    """Whether `value` can be given as an activation: a name, or an operator that keeps shapes and owns no weights."""
    if isinstance(value, ActivationFunction):
        return value.for_attributes
    if isinstance(value, str):
        return value in ACTIVATIONS and not _needs_arguments(value)
    return isinstance(value, StandsForActivation)


def plain_name(value: Any) -> str | None:
    """The name that says all that an activation is, if there is one."""
    if isinstance(value, str):
        return value
    if value.given():
        return None
    if isinstance(value, StandsForActivation):
        return value.function or None
    return str(value.keras).removeprefix("activations.")


def activation_operator(value: Any) -> Op | None:
    """The operator that an attribute's value stands for, if it holds an activation."""
    if isinstance(value, str):
        return ACTIVATIONS[value]({})
    return value if isinstance(value, Op) else None


def gradient_of_activation(op: Op) -> tuple[str, ...]:
    """What the gradient of the activation that an operator applies to its result reads; nothing where it applies
    none."""
    activation = activation_operator(getattr(op, "activation", None))
    return () if activation is None else activation.gradient_reads


def _needs_arguments(name: str) -> bool:
    return any(attribute.required for attribute in ACTIVATIONS[name].attributes().values())
