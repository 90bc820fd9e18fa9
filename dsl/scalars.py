"""Owns the way from a YAML scalar to a Fragment: where in the file each of its characters stands, in every
style of YAML. What a scalar's text is, the YAML parser has said; here it is laid beside its source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netwright.dsl.diagnostics import CompilerBug
from netwright.dsl.nodes import Scalar
from netwright.dsl.source import Fragment, Source

Piece = tuple[int, int]

_BREAKS = r"[ \t]*(?:\r?\n[ \t]*)+"
_SINGLE = rf"(?P<fold>{_BREAKS})|(?P<escape>'')|[^' \t\r\n]+|[ \t]+"
_DOUBLE = (
    rf"(?P<fold>{_BREAKS})|\\(?P<join>\r?\n(?:[ \t]*\r?\n)*[ \t]*)"
    r"|\\(?P<escape>x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|[^\\ \t\r\n]+|[ \t]+"
)
_ESCAPES = {
    **{letter: letter for letter in "\"/\\ \t'"},
    **dict(zip("0abtnvfre", "\0\a\b\t\n\v\f\r\x1b", strict=True)),
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


def fragment(source: Source, scalar: Scalar) -> Fragment:
    """The scalar's text with the place of every character."""
    if scalar.parts:
        return _joined(source, scalar)
    start = scalar.start + (scalar.style in ("'", '"'))
    if source.text.startswith(scalar.text, start) and not _may_differ(scalar, start):
        return Fragment(source, scalar.text, ((0, start),))
    return Fragment(source, scalar.text, tuple(_PIECES[scalar.style](source.text, scalar)))


def cut(whole: Fragment, start: int) -> Fragment:
    """The fragment without its first `start` characters."""
    rest = tuple((at - start, origin) for at, origin in whole.pieces if at > start)
    return Fragment(whole.source, whole.text[start:], ((0, whole.offset(start)), *rest))


def _may_differ(scalar: Scalar, start: int) -> bool:
    """Whether the source is longer than the text: lines were folded or escapes read."""
    quoted = start - scalar.start
    return bool(scalar.text) and len(scalar.text) != scalar.end - start - quoted


def _joined(source: Source, scalar: Scalar) -> Fragment:
    pieces: list[Piece] = []
    at = 0
    for part in scalar.parts:
        pieces += [(at + offset, origin) for offset, origin in fragment(source, part).pieces]
        at += len(part.text)
        pieces.append((at, source.text.find(",", part.end)))
        at += 2
    return Fragment(source, scalar.text, tuple(pieces[:-1]))


def _single_quoted(text: str, scalar: Scalar) -> Iterator[Piece]:
    return _decoded(text, scalar, _SINGLE)


def _double_quoted(text: str, scalar: Scalar) -> Iterator[Piece]:
    return _decoded(text, scalar, _DOUBLE)


def _decoded(text: str, scalar: Scalar, tokens: str) -> Iterator[Piece]:
    """Pieces of a quoted scalar, token by token; where a token is not what YAML made of it, a piece ends."""
    at, offset, shift = scalar.start + 1, 0, -1
    decoded: list[str] = []
    token = re.compile(tokens)
    while at < scalar.end - 1:
        match = token.match(text, at, scalar.end - 1)
        if match is None:
            raise CompilerBug(f"no token of a quoted scalar at {at}: {text[at : at + 20]!r}")
        if at - offset != shift:
            yield offset, at
            shift = at - offset
        decoded.append(_meaning(match))
        offset += len(decoded[-1])
        at = match.end()
    if "".join(decoded) != scalar.text:
        raise CompilerBug(f"the quoted scalar at {scalar.start} was read as {scalar.text!r}")


def _meaning(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind is None:
        return match[0]
    if kind == "escape":
        code = match["escape"]
        return _ESCAPES[code] if len(code) == 1 else "'" if code == "''" else chr(int(code[1:], 16))
    breaks = match[0].count("\n")
    return "\n" * (breaks - 1) or (" " if kind == "fold" else "")


def _folded_plain(text: str, scalar: Scalar) -> Iterator[Piece]:
    """Lines lose their ends and the blanks around them."""
    at, found = scalar.start, 0
    for line in text[scalar.start : scalar.end].split("\n"):
        content = line.strip(" \t\r")
        if content:
            found = _find(scalar, content, found)
            yield found, at + line.index(content)
            found += len(content)
        at += len(line) + 1


def _literal(text: str, scalar: Scalar) -> Iterator[Piece]:
    """Line by line, without the indent."""
    indent = _indent(text, scalar)
    offset, at = 0, _first_line(text, scalar)
    for line in scalar.text.split("\n"):
        line_end = _line_end(text, at)
        yield offset, min(at + indent, line_end, scalar.end)
        offset += len(line) + 1
        at = min(line_end + 1, len(text))


def _folded_block(text: str, scalar: Scalar) -> Iterator[Piece]:
    """Line by line, without the indent; some line ends became spaces."""
    indent = _indent(text, scalar)
    at, found = _first_line(text, scalar), 0
    last = len(scalar.text.rstrip(" \n"))
    yield 0, min(at + indent, scalar.end)
    while at < scalar.end and found < last:
        line_end = _line_end(text, at)
        content = text[at + indent : line_end].removesuffix("\r")
        if content:
            found = _find(scalar, content, found)
            yield found, at + indent
            found += len(content)
            yield found, line_end
        at = line_end + 1


def _indent(text: str, scalar: Scalar) -> int:
    """How many blanks each line lost: those before the first line of content, less those that it kept."""
    at = _first_line(text, scalar)
    for line in scalar.text.split("\n"):
        if line.strip(" "):
            return _blanks(text[at : _line_end(text, at)]) - _blanks(line)
        at = min(_line_end(text, at) + 1, len(text))
    return 0


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _first_line(text: str, scalar: Scalar) -> int:
    return min(_line_end(text, scalar.start) + 1, scalar.end)


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _find(scalar: Scalar, content: str, at: int) -> int:
    found = scalar.text.find(content, at)
    if found < 0:
        raise CompilerBug(f"the scalar at {scalar.start} lacks its line {content!r}")
    return found


_PIECES = {"": _folded_plain, "'": _single_quoted, '"': _double_quoted, "|": _literal, ">": _folded_block}
