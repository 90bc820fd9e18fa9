"""Owns how the dataclasses that are made by the hundred thousand are declared. They are frozen to the type
checker and not at run time: the `object.__setattr__` of a frozen dataclass triples what one costs to make.
Knows nothing of what they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(eq_default=True, frozen_default=True)
def record(cls: type[T]) -> type[T]:
    """A slotted dataclass that compares and hashes by its fields."""
    return dataclass(slots=True, unsafe_hash=True)(cls)


@dataclass_transform(eq_default=False, frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """A slotted dataclass with a `span`, that compares by identity and shows itself as what it stands for: in
    full, the fields of a long sum would nest without bound."""
    made = dataclass(slots=True, eq=False, repr=False)(cls)
    made.__repr__ = _shown  # type: ignore[method-assign]
    return made


def _shown(node: Any) -> str:
    return f"<{type(node).__name__} {node.span.text[:60]!r}>"
