"""How diagnostics are drawn. The pictures were written by hand, after LANGUAGE.md section 7 and rustc."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.display import escape
from netwright.dsl.render import render_text
from netwright.dsl.source import Source, Span


def place(source: Source, text: str, label: str = "", after: str = "") -> Label:
    """The first place of `text`, behind the first place of `after`."""
    start = source.text.index(text, source.text.index(after) + len(after))
    return Label(Span(source, start, start + len(text)), label)


def fault(primary: Label, *labels: Label, **rest: object) -> Diagnostic:
    return Diagnostic("shape-mismatch", "wrong", primary.span, primary.text, labels, **rest)  # type: ignore[arg-type]


def picture(diagnostic: Diagnostic) -> str:
    """What is drawn below the header and the place."""
    return "\n".join(render_text(diagnostic).split("\n")[3:])


def drawn(text: str) -> str:
    return dedent(text).strip("\n")


def test_the_example_of_the_language() -> None:
    source = Source("resnet.yaml", "\n" * 20 + "    y + shortcut -> relu\n")
    diagnostic = Diagnostic(
        "shape-mismatch",
        "the two sides of '+' have shapes that do not broadcast",
        place(source, "+").span,
        labels=(
            place(source, "y", "this is f32[N, 56, 56, 256]"),
            place(source, "shortcut", "this is f32[N, 56, 56, 64]"),
        ),
        notes=("in bottleneck(filters=64), stage 1 of `stage(64, 3)`, called at resnet.yaml:27:12",),
        help="give the shortcut a projection: bottleneck(64, project=true)",
    )
    assert render_text(diagnostic) == drawn("""
        error[shape-mismatch]: the two sides of '+' have shapes that do not broadcast
          --> resnet.yaml:21:7
           |
        21 |     y + shortcut -> relu
           |     - ^ -------- this is f32[N, 56, 56, 64]
           |     |
           |     this is f32[N, 56, 56, 256]
           = in bottleneck(filters=64), stage 1 of `stage(64, 3)`, called at resnet.yaml:27:12
           = help: give the shortcut a projection: bottleneck(64, project=true)
    """)


def test_labels_of_three_places_hang_from_right_to_left() -> None:
    source = Source("a.yaml", "one two three\n")
    diagnostic = fault(place(source, "two", "b"), place(source, "one", "a"), place(source, "three", "c"))
    assert picture(diagnostic) == drawn("""
        1 | one two three
          | --- ^^^ ----- c
          | |   |
          | |   b
          | a
    """)


def test_a_place_inside_another_is_drawn_over_it() -> None:
    source = Source("a.yaml", "a + b\n")
    diagnostic = fault(place(source, "a + b", "whole"), place(source, "+", "part"))
    assert picture(diagnostic) == drawn("""
        1 | a + b
          | ^^-^^ whole
          |   |
          |   part
    """)


def test_labels_at_one_place_stand_below_each_other() -> None:
    source = Source("a.yaml", "name\n")
    diagnostic = fault(place(source, "name", "first"), place(source, "name", "second"))
    assert picture(diagnostic) == drawn("""
        1 | name
          | ^^^^ first
          | |
          | second
    """)


def test_lines_between_places_are_left_out_unless_it_is_only_one() -> None:
    source = Source("a.yaml", "a\nb\nc\nd\ne\nf\n")
    diagnostic = fault(place(source, "f"), place(source, "a"), place(source, "c"))
    assert picture(diagnostic) == drawn("""
        1 | a
          | -
        2 | b
        3 | c
          | -
        ...
        6 | f
          | ^
    """)


def test_a_span_of_lines_has_a_bar() -> None:
    source = Source("a.yaml", "y = (a\n  -> b\n  -> c) + d\n")
    diagnostic = fault(place(source, "(a\n  -> b\n  -> c)", "not a layer"), place(source, "d", "fine"))
    assert picture(diagnostic) == drawn("""
        1 |   y = (a
          |  _____^
        2 | |   -> b
        3 | |   -> c) + d
          | |           - fine
          | |_______^ not a layer
    """)


def test_spans_of_lines_that_cross_have_their_own_bars() -> None:
    source = Source("a.yaml", "a\nb\nc\n")
    diagnostic = fault(place(source, "a\nb", "one"), place(source, "b\nc", "two"))
    assert picture(diagnostic) == drawn("""
        1 |    a
          |  __^
        2 | |  b
          | |__^ one
          |   _-
        3 |  | c
          |  |_- two
    """)


def test_the_middle_of_a_long_span_is_left_out() -> None:
    source = Source("a.yaml", "\n".join("abcdefghijkl"))
    assert picture(fault(place(source, source.text, "all"))) == drawn("""
         1 |   a
           |  _^
         2 | | b
        ...  |
        11 | | k
        12 | | l
           | |_^ all
    """)


def test_a_span_does_not_reach_into_blank_lines_at_its_end() -> None:
    source = Source("a.yaml", "model: |\n  a -> b  \n\n\nnext: 1")
    assert picture(fault(place(source, "a -> b  \n\n\n"))) == drawn("""
        2 |   a -> b
          |   ^^^^^^
    """)


def test_places_in_another_file_follow() -> None:
    source, other = Source("a.yaml", "\n" * 11 + "use: b\n"), Source("b.yaml", "name: b\n")
    diagnostic = fault(place(source, "b"), place(other, "name", "here"), help="say so")
    assert render_text(diagnostic) == drawn("""
        error[shape-mismatch]: wrong
          --> a.yaml:12:6
           |
        12 | use: b
           |      ^
           |
          ::: b.yaml:1:1
           |
         1 | name: b
           | ---- here
           = help: say so
    """)


@pytest.mark.parametrize(
    ("line", "indent"),
    [
        ("\tx@", 5),  # a tab is four columns
        ("漢字@", 4),  # wide characters are two
        ("e\u0301@", 1),  # a combining accent is none
        ("\x1b[0m@", 7),  # an escape is shown as \x1b
        ("🙂@", 2),
    ],
)
def test_underlines_follow_the_width_of_characters(line: str, indent: int) -> None:
    rows = picture(fault(place(Source("a.yaml", line), "@"))).split("\n")
    assert rows[1] == "  | " + " " * indent + "^"


@pytest.mark.parametrize("text", ["", "x", "x\n", "x\r\ny"])
def test_the_end_of_the_text_can_be_pointed_at(text: str) -> None:
    source = Source("a.yaml", text)
    diagnostic = fault(Label(Span(source, len(text), len(text)), "ends here"))
    assert picture(diagnostic).endswith("^ ends here")


def test_without_a_place_there_is_a_header_and_what_explains_it() -> None:
    diagnostic = Diagnostic(
        "unknown-param", "no param 'x'", None, notes=("one\ntwo",), help="three", severity="warning"
    )
    assert render_text(diagnostic) == drawn("""
        warning[unknown-param]: no param 'x'
          = one
            two
          = help: three
    """)


def test_a_long_line_is_cut_around_what_is_underlined() -> None:
    source = Source("a.yaml", "q" * 3000 + "BAD" + "r" * 3000)
    row, marks = picture(fault(place(source, "BAD", "here"))).split("\n")
    assert len(row) < 130
    assert row.startswith("1 | …q")
    assert row.endswith("r…")
    assert marks.index("^^^ here") == row.index("BAD")


def test_a_line_cut_around_the_primary_place_keeps_far_labels() -> None:
    source = Source("a.yaml", "a" + "q" * 3000 + "BAD")
    row, marks, *rest = picture(fault(place(source, "BAD", "here"), place(source, "a", "far"))).split("\n")
    assert row.endswith("BAD")
    assert marks.index("^^^ here") == row.index("BAD")
    assert rest[-1].strip().endswith("far")


def test_a_span_longer_than_the_view_is_seen_from_its_start() -> None:
    source = Source("a.yaml", "x: " + "q" * 3000)
    row, marks = picture(fault(place(source, "q" * 3000))).split("\n")
    assert row.index("q") == marks.index("^")
    assert len(marks) <= len(row)


HOSTILE = "\x1b[2J\x00\x9b31m\x07\u202e\u2066\ud800\u2028\x7f"


def test_control_characters_of_the_user_reach_the_terminal_nowhere() -> None:
    source = Source(f"{HOSTILE}.yaml", f"{HOSTILE}x\n")
    label = place(source, "x", HOSTILE)
    text = render_text(fault(label, place(source, HOSTILE[:3], HOSTILE), notes=(HOSTILE,), help=HOSTILE))
    assert all(char.isprintable() or char == "\n" for char in text)
    assert escape(HOSTILE) == r"\x1b[2J\x00\x9b31m\x07\u202e\u2066\ud800\u2028\x7f"


def test_color_only_adds_codes() -> None:
    source = Source("a.yaml", "a + b\n-> c")
    diagnostic = fault(place(source, "+", "p"), place(source, "a", "s"), place(source, "b\n->", "m"), help="h")
    colored = render_text(diagnostic, color=True)
    assert "\x1b[1;31m^" in colored
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == render_text(diagnostic)
