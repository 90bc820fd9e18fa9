"""Owns what a plain YAML scalar stands for: the core schema of YAML 1.2, with underscores in numbers.
`yes`, `on`, `12:30:00` and dates are text, `1e-3` is a number. Knows nothing of nodes and places."""

from __future__ import annotations

import math
import re

PlainValue = int | float | str | bool | None

_DIGITS = r"[0-9]+(?:_[0-9]+)*"
_NUMBER = re.compile(
    rf"(?P<zero>[-+]?0[0-9_]+)|(?P<int>[-+]?{_DIGITS})|(?P<based>0o[0-7]+|0x[0-9a-fA-F]+)"
    rf"|(?P<float>[-+]?(?:\.{_DIGITS}|{_DIGITS}(?:\.(?:{_DIGITS})?)?)(?:[eE][-+]?[0-9]+)?)"
)
_WORDS: dict[str, PlainValue] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **{sign + word: math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **{"-" + word: -math.inf for word in (".inf", ".Inf", ".INF")},
}
_NUMBER_STARTS = frozenset("0123456789+-.")
_MOST_DIGITS = 300


class AmbiguousNumber(ValueError):
    """A number that readers of YAML disagree on, or too large to be meant. `help` says what to write."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.help = help


def resolve(text: str) -> PlainValue:
    """What the plain scalar `text` stands for. Raises AmbiguousNumber for `010` and for digits without end."""
    if text[:1] not in _NUMBER_STARTS or text in _WORDS:
        return _WORDS.get(text, text)
    match = _NUMBER.fullmatch(text)
    return _number(text, match) if match else text


def _number(text: str, match: re.Match[str]) -> int | float:
    if match["zero"] is not None:
        decimal = text.replace("_", "").lstrip("+-").lstrip("0") or "0"
        raise AmbiguousNumber(f"`{text}` is octal to some readers of YAML and decimal to others", _plainer(decimal))
    if len(text) > _MOST_DIGITS:
        raise AmbiguousNumber(f"a number of {len(text)} characters", "put text that only looks like a number in quotes")
    if match["float"] is None:
        return int(text, 0 if match["based"] else 10)
    value = float(text)
    if math.isinf(value):
        raise AmbiguousNumber(f"`{text}` is larger than the largest number", "write .inf if you mean it")
    return value


def _plainer(decimal: str) -> str:
    return f"write `{decimal}` for the number, or put the text in quotes"
