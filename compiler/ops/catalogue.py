"""Owns the way to the catalogue: finding an operator or configuration object by the name a spec gives."""

from __future__ import annotations

from netwright.compiler.ops import initializers, regularizers
from netwright.compiler.ops.configuration import CONFIGURATIONS, Configuration, find
from netwright.compiler.ops.declared import snake_case
from netwright.compiler.ops.op import Op
from netwright.compiler.ops.registry import OPERATORS

__all__ = ["find_configuration", "find_operator", "initializers", "regularizers"]


def find_operator(name: str) -> type[Op] | None:
    """The operator of that flow name, Keras class name or alias; `ops.reshape` names a keras.ops function that a
    layer of the same name hides."""
    found = OPERATORS.get(name)
    if found is None and name[:1].isupper():
        snake = snake_case(name)
        found = OPERATORS.get(snake)
        if found is None or not (found.keras == f"layers.{name}" or found.__name__ == name or snake in found.aliases):
            return None
    return found


def find_configuration(name: str, kind: str | None = None) -> type[Configuration] | None:
    """The initializer, regularizer, ... of that flow name or Keras class name; of one kind if `kind` is given."""
    kinds = [kind] if kind else dict.fromkeys(its_kind for its_kind, _ in CONFIGURATIONS)
    return next(filter(None, (find(its_kind, name) for its_kind in kinds)), None)
