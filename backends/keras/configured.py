"""Owns how configuration objects (losses, optimizers, metrics, ...) become Python calls of Keras's classes."""

from __future__ import annotations

from typing import Any

from netwright.backends.keras.literals import constant
from netwright.backends.keras.syntax import Atom, Call, Code, Display
from netwright.compiler.ops.configuration import Configuration


def configured(item: Configuration) -> Call:
    """`keras.losses.SparseCategoricalCrossentropy(from_logits=True)`: what differs from the defaults, by name unless
    it is required and comes first."""
    positional: list[Code] = []
    keywords: list[tuple[str, Code]] = []
    for name, value in item.given().items():
        if type(item).attributes()[name].required and not keywords:
            positional.append(value_code(value))
        else:
            keywords.append((name, value_code(value)))
    return Call(Atom(f"keras.{item.keras}"), tuple(positional), tuple(keywords))


def value_code(value: Any) -> Code:
    """A value of an attribute; lists stay lists."""
    if isinstance(value, Configuration):
        return configured(value)
    if isinstance(value, tuple):
        return Display("list", tuple(map(value_code, value)))
    return constant(value)
