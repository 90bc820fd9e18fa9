"""Owns how the sources in `layers/` come into emitted modules: each definition as it stands in its file. Imports none
of them."""

from __future__ import annotations

import ast
from functools import cache
from importlib.resources import files

#: definition -> file in `layers/`, in the order in which modules have them
SOURCES = {"make_divisible": "make_divisible.py", "Arange": "arange.py", "Constant": "constant.py"}


@cache
def definition(name: str) -> str:
    """The source of a definition, without what stands around it in its file."""
    text = files("netwright.backends.keras").joinpath("layers", SOURCES[name]).read_text(encoding="utf-8")
    lines = text.splitlines()
    found = next(node for node in ast.parse(text).body if getattr(node, "name", None) == name)
    return "\n".join(lines[found.lineno - 1 : found.end_lineno])


@cache
def modules_used(name: str) -> frozenset[str]:
    """The imported modules that the definition names."""
    names = {node.id for node in ast.walk(ast.parse(definition(name))) if isinstance(node, ast.Name)}
    return frozenset(names)
