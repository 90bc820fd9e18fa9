"""Owns how text and numbers of a spec become Python literals, and text a docstring. The one door through which free
text of a spec reaches code."""

from __future__ import annotations

import math
import re
import textwrap
from typing import Any

from netwright.backends.keras.syntax import Atom, Code, Display, Signed
from netwright.dsl.diagnostics import CompilerBug

_NUMBER = re.compile(r"(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?(e-?[0-9]+)?", re.ASCII)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def string(text: str) -> str:
    """A string literal, in the quotes that need fewer escapes. What is not printable, and what would change the order
    in which the line is read, is escaped."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join("\\" + letter if letter == quote else _escaped(letter) for letter in text) + quote


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    number = ord(letter)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def number(value: int | float, text: str = "") -> Code:
    """A number, written as the spec writes it where that is Python and well formatted."""
    if not math.isfinite(value):
        return Atom(f'float("{value}")')
    if value < 0:
        return Signed("-", number(-value))
    return Atom(text if _NUMBER.fullmatch(text) and _means(text, value) else repr(value))


def _means(text: str, value: int | float) -> bool:
    read = float(text) if re.search("[.e]", text) else int(text)
    return type(read) is type(value) and read == value


def constant(value: Any, text: str = "") -> Code:
    """The literal of a value of flow: none, a boolean, a number, a string, or lists of them."""
    if value is None or isinstance(value, bool):
        return Atom(repr(value))
    if isinstance(value, (int, float)):
        return number(value, text)
    if isinstance(value, str):
        return Atom(string(value))
    if isinstance(value, tuple):
        return Display("tuple", tuple(map(constant, value)))
    raise CompilerBug(f"{type(value).__name__} has no Python literal")


def documentation(paragraphs: list[str], width: int) -> str:
    """A docstring's text: paragraphs apart, wrapped, with nothing that could end the string or pass for an escape."""
    wrapped = ("\n".join(_wrap(line, width) for line in text.splitlines()) for text in paragraphs if text.strip())
    text = "\n\n".join(wrapped)
    safe = "".join(letter if letter == "\n" else _escaped(letter) for letter in text).replace('"""', '\\"\\"\\"')
    return safe[:-1] + '\\"' if safe.endswith('"') and not safe.endswith('\\"') else safe


def _wrap(line: str, width: int) -> str:
    return textwrap.fill(" ".join(line.split()), width, break_long_words=False, break_on_hyphens=False)
