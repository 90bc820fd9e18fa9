"""Owns the options that say which spec, and with which params: SPEC, --set NAME=VALUE, --preset NAME."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from netwright.api import Model, compile
from netwright.dsl import tree
from netwright.dsl.diagnostics import SpecError
from netwright.dsl.parser import parse_expression
from netwright.dsl.source import Fragment, Source


def add_spec(parser: argparse.ArgumentParser) -> None:
    """The positional SPEC and the param options."""
    parser.add_argument("spec", metavar="SPEC", help="a spec file")
    add_params(parser)


def add_params(parser: argparse.ArgumentParser) -> None:
    """--set and --preset."""
    parser.add_argument(
        "--set",
        dest="params",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=assignment,
        help="a param's value, or the size of a symbolic dim; may be given again: --set classes=10 --set H=64",
    )
    parser.add_argument("--preset", metavar="NAME", help="a member of the family that the spec describes")


def compiled(options: argparse.Namespace) -> Model:
    """The model that the options ask for; raises SpecError."""
    return compile_file(options.spec, options)


def compile_file(path: str, options: argparse.Namespace) -> Model:
    """One of several specs with the options' params."""
    from pathlib import Path

    return compile(Path(path), params=dict(options.params), preset=options.preset)


def at_least(low: int) -> Callable[[str], int]:
    """The type of an option that takes an integer from `low` on."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"expected an integer from {low} on, found {text!r}")
        return int(text)

    return number


def assignment(text: str) -> tuple[str, Any]:
    """NAME=VALUE; the value is a number, true, false, none, a list, or else a string."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, found {text!r}")
    return name.strip(), _value(value.strip())


def _value(text: str) -> Any:
    source = Source("--set", text)
    try:
        return _plain(parse_expression(Fragment(source, text, ((0, 0),))))
    except (SpecError, ValueError):
        return text


def _plain(expr: tree.Expr) -> Any:
    """The Python value of a literal or a list of literals."""
    if isinstance(expr, tree.Literal):
        return expr.value
    if isinstance(expr, tree.Sequence):
        return [_plain(item) for item in expr.items]
    if isinstance(expr, tree.Unary) and expr.operator == "-" and isinstance(expr.operand, tree.Literal):
        value = expr.operand.value
        if isinstance(value, (int, float)):
            return -value
    raise ValueError(f"{expr.span.text} is no plain value")
