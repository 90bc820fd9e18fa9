"""Owns the statements that emitted code is made of, as values. Knows no flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields

from netwright.backends.keras.syntax import Code, codes_in


@dataclass(slots=True)
class Statement:
    """One statement."""


@dataclass(slots=True)
class Assign(Statement):
    """`a, b = value`"""

    targets: tuple[str, ...]
    value: Code


@dataclass(slots=True)
class Return(Statement):
    """`return a, b`"""

    values: tuple[Code, ...]


@dataclass(slots=True)
class Expression(Statement):
    """An expression for its effect."""

    value: Code


@dataclass(slots=True)
class Comment(Statement):
    text: str


@dataclass(slots=True)
class For(Statement):
    """`for targets in items: body`"""

    targets: tuple[str, ...]
    items: Code
    body: list[Statement]


@dataclass(slots=True)
class If(Statement):
    """`if condition: body`, and `else: otherwise` where there is any."""

    condition: Code
    body: list[Statement]
    otherwise: list[Statement] = field(default_factory=list)


@dataclass(slots=True)
class Function(Statement):
    """`def name(parameters): body` below its decorators. A parameter is (name, default or None); the name `*` begins
    those that go by keyword alone."""

    name: str
    parameters: Sequence[tuple[str, Code | None]]
    body: list[Statement]
    documentation: str | None = None
    decorators: tuple[Code, ...] = ()


def statement_codes(statements: Sequence[Statement]) -> Iterator[Code]:
    """Every expression of the statements, those in their blocks too."""
    for statement in statements:
        for each in fields(statement):
            value = getattr(statement, each.name)
            if isinstance(value, list):
                yield from (code for item in value if isinstance(item, tuple) for code in codes_in(item))
                yield from statement_codes([item for item in value if isinstance(item, Statement)])
            else:
                yield from codes_in(value)
