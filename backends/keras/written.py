"""Owns how the sources in `layers/` come into emitted modules: each definition as it stands in its file. Imports one
only to run it."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

import netwright.compiler.ops.catalogue  # noqa: F401 - it defines every operator
from netwright.compiler.ops.declared import snake_case
from netwright.compiler.ops.op import operator_classes
from netwright.compiler.ops.written import WrittenLayer

_OPERATORS = [cls.__name__ for cls in operator_classes() if issubclass(cls, WrittenLayer)]
#: definition -> file in `layers/`, in the order in which modules have them
SOURCES = {
    name: snake_case(name) for name in ("make_divisible", "Arange", "Constant", "Draw", "RecurrentCell", *_OPERATORS)
}


@cache
def definition(name: str) -> str:
    """The source of a definition, without what stands around it in its file."""
    text = files("netwright.backends.keras").joinpath("layers", f"{SOURCES[name]}.py").read_text(encoding="utf-8")
    lines = text.splitlines()
    found = next(node for node in ast.parse(text).body if getattr(node, "name", None) == name)
    decorators = getattr(found, "decorator_list", [])
    return "\n".join(lines[min(part.lineno for part in (found, *decorators)) - 1 : found.end_lineno])


@cache
def modules_used(name: str) -> frozenset[str]:
    """The imported modules that the definition names."""
    names = {node.id for node in ast.walk(ast.parse(definition(name))) if isinstance(node, ast.Name)}
    return frozenset(names)


def written(name: str) -> Any:
    """The definition itself, with Keras imported."""
    return getattr(import_module(f"netwright.backends.keras.layers.{SOURCES[name]}"), name)
