"""Owns what is said of characters that make no token: strange characters and names, malformed numbers, strings
without end. Knows nothing of the grammar."""

from __future__ import annotations

from collections.abc import Callable

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.flow_tokens import Tokens
from netwright.dsl.names import name_fault

# Characters that flow does not have, and what is to be done about them.
_MEANT: tuple[tuple[str, str], ...] = (
    ("\t", "indent and separate with spaces"),
    ("→⟶⇒➔", "write the arrow as ->"),
    ("−–—", "write minus as -"),
    ("×·⋅∗", "write times as *"),
    ("÷", "write divided by as /"),
    ("≤", "write <="),
    ("≥", "write >="),
    ("≠", "write !="),
    ("…", "write three dots: ..."),
    ("²", "write ** 2"),
    ("“”„«»‘’‚`", 'put strings in straight quotes: "same"'),
    ("\u00a0\u2007\u202f\u2009\u200b\ufeff", "write an ordinary space"),
    (";", "begin a new line for every binding"),
    ("\\", "leave it out: a line goes on inside brackets, or where the next one begins with an operator"),
    ("!~", "write `not`"),
    ("&", "write `and`"),
    ("|", "write `or`; tensors flow along ->"),
    ("^", "a power is written **"),
    ("?", "a choice is written: a if c else b; a size that is not known is a name of your own: N"),
    ("$", "names stand without a sign before them"),
)
_HELP = {character: help for characters, help in _MEANT for character in characters}
_CALLED = {"\t": "a tab", "\u00a0": "a no-break space", "`": "a backtick", "\u200b": "a zero-width space"}


def malformed(tokens: Tokens, token: int) -> Diagnostic:
    """What is wrong with a token of a kind in `flow_tokens.BAD`."""
    return _BY_KIND[tokens.kinds[token]](tokens, token)


def _character(tokens: Tokens, token: int) -> Diagnostic:
    character = tokens.texts[token]
    shown = f"`{character}`" if character.isprintable() else f"the character U+{ord(character):04X}"
    called = _CALLED.get(character, shown)
    return Diagnostic("flow-syntax", f"{called} has no place here", tokens.span(token), help=_HELP.get(character))


def _string(tokens: Tokens, token: int) -> Diagnostic:
    quote = tokens.texts[token][0]
    return Diagnostic(
        "flow-syntax",
        "this string has no end",
        tokens.span(token),
        help=f"put {quote} at its end; a string ends on the line it begins on",
    )


def _number(tokens: Tokens, token: int) -> Diagnostic:
    text = tokens.texts[token]
    return Diagnostic("flow-syntax", f"`{text}` is not a number", tokens.span(token), help=_number_help(text))


def _number_help(text: str) -> str:
    digits = text.lstrip("0_")
    if digits.isdigit() and text != digits:
        return f"write it without leading zeros: {digits}"
    head = text.rstrip("_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    name = text[len(head) :]
    if head.isdigit() and name.isidentifier() and head != "0":
        return f"a name does not begin with a digit; for a product write {head} * {name}"
    return "numbers are written like 10, 10_000, 0.5 and 1e-5"


def _name(tokens: Tokens, token: int) -> Diagnostic:
    return name_fault(tokens.texts[token], tokens.span(token))


_BY_KIND: dict[str, Callable[[Tokens, int], Diagnostic]] = {
    "BAD_CHARACTER": _character,
    "OPEN_STRING": _string,
    "BAD_NUMBER": _number,
    "BAD_NAME": _name,
}
