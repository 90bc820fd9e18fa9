"""Owns how the sources in `layers/` come into emitted modules: each definition as it stands in its file. Imports one
only to run it."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

from netwright.compiler.ops.registry import OPERATORS

_FOLDER = files("netwright.backends.keras").joinpath("layers")
#: what operators are written with that Keras has, or that are none
_PARTS = ("make_divisible", "arange", "constant", "draw", "recurrent_cell")


def _text(file: str) -> str:
    return _FOLDER.joinpath(f"{file}.py").read_text(encoding="utf-8")


def _sources() -> dict[str, str]:
    """The files, those of operators by their flow names: so no family of operators need be loaded."""
    written = {file.name.removesuffix(".py") for file in _FOLDER.iterdir()}
    names = dict.fromkeys((*_PARTS, *(name for name in OPERATORS if name in written)))
    return {re.findall(r"^(?:class|def) (\w+)", _text(name), re.MULTILINE)[0]: name for name in names}


#: definition -> file in `layers/`, in the order in which modules have them
SOURCES = _sources()


@cache
def definition(name: str) -> str:
    """The source of a definition, without what stands around it in its file."""
    text = _text(SOURCES[name])
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
