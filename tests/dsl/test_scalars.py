"""Where the characters of a YAML scalar stand in the file. Oracle: the source text itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from netwright.dsl.diagnostics import Diagnostics, SpecError
from netwright.dsl.nodes import Items, Map, Node, Scalar
from netwright.dsl.scalars import cut, fragment
from netwright.dsl.source import Fragment, Source
from netwright.dsl.yaml_text import read_nodes

STYLES = {
    "literal": ("k: |\n  x -> f\n    -> MARK\n", 3, 8),
    "literal, chomped, comment": ("k: |- # why\n\n     x\n     MARK\n\n", 4, 6),
    "literal, indent given": ("k:\n  j: |1+\n     x\n   MARK\n", 4, 4),
    "literal, indent and chomping in the other order": ("- |-2\n     x\n    MARK", 3, 5),
    "literal, blank lines first": ("k: |\n\n \n  MARK\n", 4, 3),
    "literal, carriage returns": ("k: |\r\n  x\r\n  MARK\r\n", 3, 3),
    "folded": ("k: >\n  x\n  y\n\n  z MARK\n", 5, 5),
    "folded, deeper lines keep their ends": ("k: >-\n  x\n     y\n     MARK\n  z\n", 4, 6),
    "plain": ("k: x MARK # no\n", 1, 6),
    "plain, several lines": ("k: x\n   y\n\n      z MARK\nj: 1\n", 4, 9),
    "plain, in braces": ("{k: x\n y MARK, j: 1}", 2, 4),
    "single quotes": ("k: 'it''s MARK'\n", 1, 11),
    "single quotes, several lines": ("k: 'it''s\n\n    y MARK'\n", 3, 7),
    "double quotes": ('k: "MARK"\n', 1, 5),
    "double quotes, escapes": ('k: "\\x41\\u00e9\\U0001F600\\t\\\\ \\" MARK"\n', 1, 33),
    "double quotes, folded": ('k: "x\n   y MARK"\n', 2, 6),
    "double quotes, escaped line end": ('k: "x \\\n\n   MARK"\n', 3, 4),
    "beyond ASCII": ("ké: 'ü 𝕏 MARK'\n", 1, 10),
    "key": ("  ? MARK\n  : 1\n", 1, 5),
    "a call cut at its commas": ("[f(a,\n   b, MARK), g]", 2, 7),
}


def scalars(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Items):
        for item in node.items:
            yield from scalars(item)
    elif isinstance(node, Map):
        for key, value in node.entries.values():
            yield key
            yield from scalars(value)


def fragments(text: str) -> list[tuple[Scalar, Fragment]]:
    source = Source("spec.yaml", text)
    return [(scalar, fragment(source, scalar)) for scalar in scalars(read_nodes(source, Diagnostics()))]


@pytest.mark.parametrize(("text", "line", "column"), STYLES.values(), ids=STYLES)
def test_place_in_every_style(text: str, line: int, column: int) -> None:
    [marked] = [found for _, found in fragments(text) if "MARK" in found.text]
    at = marked.text.index("MARK")
    span = marked.span(at, at + 4)
    assert (span.line, span.column, span.text) == (line, column, "MARK")


def test_a_call_cut_at_its_commas_is_one_text() -> None:
    texts = [found.text for _, found in fragments('[f(a="x", g(1,  2)), h, "f(", i)]')]
    assert texts == ['f(a="x", g(1, 2))', "h", "f(", "i)"]


def test_parentheses_that_never_close_join_nothing() -> None:
    assert [found.text for _, found in fragments("[f(a, b, g(1, 2)]")] == ["f(a", "b", "g(1, 2)"]


def test_a_call_in_braces_is_one_value() -> None:
    root = read_nodes(Source("spec.yaml", "{G: f(1, b=2), D: g}"), Diagnostics())
    assert isinstance(root, Map)
    assert {key: value.text for key, (_, value) in root.entries.items() if isinstance(value, Scalar)} == {
        "G": "f(1, b=2)",
        "D": "g",
    }


def test_cut_keeps_places() -> None:
    [_, (_, whole)] = fragments("k: |\n  = x\n    + y\n")
    rest = cut(whole, 1)
    assert rest.text == " x\n  + y\n"
    assert rest.span(rest.text.index("y"), rest.text.index("y") + 1).column == 7


@given(
    opening=st.sampled_from(["k: |", "k: >", "- |-", "- - >+", "k:\n  - |2", 'k: "', "k: '", "k: ", "  k:\n    "]),
    lines=st.lists(st.text(alphabet="ab é\t#:->\"'\\n=", max_size=6), max_size=6),
    indent=st.integers(0, 4),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_every_character_has_its_place(opening: str, lines: list[str], indent: int, line_end: str) -> None:
    quote = opening[-1] if opening[-1] in "\"'" else ""
    text = opening + ("" if quote else line_end) + line_end.join(" " * indent + line for line in lines) + quote
    try:
        found = fragments(text)
    except SpecError:
        return
    for scalar, placed in found:
        _assert_in_place(text, scalar, placed)


def _assert_in_place(text: str, scalar: Scalar, placed: Fragment) -> None:
    offsets = [placed.offset(at) for at in range(len(placed.text))]
    assert placed.text == scalar.text
    assert offsets == sorted(offsets)
    for character, offset in zip(placed.text, offsets, strict=True):
        if not character.isspace():
            assert text[offset] == character or (scalar.style == '"' and text[offset] == "\\")
