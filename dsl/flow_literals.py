"""Owns what the literals of flow stand for: numbers, strings, the words for true, false and none."""

from __future__ import annotations

import math
import re

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.flow_tokens import Tokens

CONSTANTS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True"), True),
    **dict.fromkeys(("false", "False"), False),
    **dict.fromkeys(("none", "null", "None"), None),
}
MOST_DIGITS = 300
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r"}


def read_number(tokens: Tokens, token: int, faults: list[Diagnostic]) -> int | float:
    text = tokens.texts[token]
    if len(text) > MOST_DIGITS:
        faults.append(_too_large(tokens, token, f"a number of {len(text)} digits"))
        return 0
    if text.replace("_", "").isdigit():
        return int(text)
    value = float(text)
    if math.isinf(value):
        faults.append(_too_large(tokens, token, f"`{text}` is larger than any number that a computer counts with"))
    return value


def read_string(tokens: Tokens, token: int, faults: list[Diagnostic]) -> str:
    inner = tokens.texts[token][1:-1]
    return _ESCAPE.sub(lambda match: _unescape(match, tokens, token, faults), inner) if "\\" in inner else inner


def _unescape(match: re.Match[str], tokens: Tokens, token: int, faults: list[Diagnostic]) -> str:
    meant = _ESCAPED.get(match[1])
    if meant is None:
        begin = tokens.offsets[token] + 1
        span = tokens.fragment.span(begin + match.start(), begin + match.end())
        known = ", ".join(f"\\{letter}" for letter in _ESCAPED)
        help = f"there are {known}; write \\\\ for \\"
        faults.append(Diagnostic("flow-syntax", f"`{match[0]}` means nothing in a string", span, help=help))
    return meant or ""


def _too_large(tokens: Tokens, token: int, message: str) -> Diagnostic:
    return Diagnostic("flow-syntax", message, tokens.span(token))
