"""Owns the keys of an extern, a layer of the user's own: schema, documentation and reading. Imports nothing of the
user's."""

from __future__ import annotations

from collections.abc import Iterator
from keyword import iskeyword
from typing import Any

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.keys import Key, mapping_of, number
from netwright.dsl.nodes import Node, Scalar
from netwright.dsl.parser import parse_extern
from netwright.dsl.reading import Reading
from netwright.dsl.records import fields
from netwright.dsl.tree import Entry, Expr, Extern, Literal
from netwright.dsl.values import read_value

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_PYTHON = rf"^{_NAME}(\.{_NAME})*:{_NAME}$"


def _plain(reading: Reading, key: Scalar, node: Node) -> Expr:
    return read_value(reading, node)


EXTERN = (
    Key(
        "python",
        "The module and the class of the Keras layer, `package.module:Class`.",
        {
            "type": "string",
            "pattern": _PYTHON,
            "patternErrorMessage": "a module and a class of it, `package.module:Class`",
            "examples": ["acme.layers:Rotary"],
        },
        _plain,
        required=True,
    ),
    Key("params", "How many trainable weights it has.", number("integer", minimum=0), _plain, required=True),
    Key(
        "non_trainable_params",
        "How many weights it has that training does not move.",
        number("integer", minimum=0),
        _plain,
    ),
    Key("macs", "Its multiply-adds, the batch included; unknown if left out.", number("integer", minimum=0), _plain),
)
EXTERN_SCHEMA = mapping_of(EXTERN)


def read_externs(reading: Reading, key: Scalar, node: Node) -> tuple[Extern, ...]:
    return tuple(extern for header, value in reading.pairs(node) for extern in _extern(reading, header, value))


def _extern(reading: Reading, header_text: Scalar, node: Node) -> Iterator[Extern]:
    header = reading.flow(header_text, parse_extern)
    rows = {row.name: row for row in EXTERN}
    given = {
        name.text: Entry(reading.span(name), name.text, rows[name.text].read(reading, name, value))
        for name, value in reading.pairs(node)
        if name.text in rows
    }
    python = given["python"].value if "python" in given else None
    if header is None or not isinstance(python, Literal) or "params" not in given:
        return
    words = str(python.value).replace(":", ".").split(".")
    taken = next(filter(iskeyword, words), None)
    if taken is not None:
        message = f"`{taken}` is a word of Python, and no module or class is called so"
        reading.found.add(Diagnostic("invalid-value", message, python.span))
        return
    own: dict[str, Any] = {name: getattr(header, name) for name in fields(header)}
    absent = Literal(header.span, 0)
    yield Extern(
        **own,
        python_span=python.span,
        module=".".join(words[:-1]),
        class_name=words[-1],
        params=given["params"].value,
        non_trainable_params=given["non_trainable_params"].value if "non_trainable_params" in given else absent,
        macs=given["macs"].value if "macs" in given else None,
    )
