"""What is said of flow text that does not parse: code, exact place, words."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given, strategies as st

from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.parser import MOST_ERRORS, parse_body, parse_expression, parse_header, parse_stage, parse_type
from netwright.dsl.source import Fragment, Source


def faults(parse: Callable[[Fragment], object], text: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        parse(Fragment(Source("test.yaml", text), text, ((0, 0),)))
    return caught.value.diagnostics


def fault(parse: Callable[[Fragment], object], text: str) -> Diagnostic:
    (found,) = faults(parse, text)
    return found


# Text with the place of the mistake in ‹ ›; what the message and the help say.
BODIES = [
    ("x ‹->›", "nothing stands after `->`", "remove it"),
    ("y = x ‹->›\n  f", "nothing stands after `->`", "begin the next line with `->`"),
    ("y ‹=›", "no value stands after `=`", "begin the value on this line"),
    ("‹->› f", "nothing stands before `->`", "begin with the tensor"),
    ("x -> ‹->› f", "expected an expression, found `->`", "begins with a layer"),
    ("x -> f(1, 2‹›", "this `(` is never closed", "put `)`"),
    ("x -> f([1, 2‹)›", "`[` is closed by `)`", "put `]` here"),
    ("x -> f‹)›", "`)` closes no bracket", "remove it"),
    ("x ‹y›", "a second expression, `y`, on one line", "begin a new line"),
    ("f(a ‹b›)", "expected an operator, `)` or `,`, found the name `b`", "comma missing before `b`"),
    ("f(‹,›)", "expected an expression or `)`, found `,`", None),
    ("x = y ‹=› z", "found `=`", "`==` compares"),
    ("f(a.b ‹=› 3)", "found `=`", "name=value"),
    ("f(units‹:› 64)", "found `:`", "units=value"),
    ("{a‹:› b}", "found `:`", "branches of a fork"),
    ("f(a=1, ‹2›)", "stands after `a=`", "first"),
    ("f(‹*›xs)", "unpacks nothing", "one by one"),
    ("f(w ‹for› w in ws)", "found the word `for`", "brackets of its own"),
    ("y = ‹lambda› x: x", "`lambda` is not a word", "or a block under"),
    ("‹return› x", "`return` is not a word", "last line"),
    ("‹if› c: x", "found the word `if`", "a choice is an expression"),
    ("y = a if c‹›", "expected `else`, found the end of the text", "both sides"),
    ("y = (a if c‹)›", "expected `else`, found `)`", "both sides"),
    ("‹x, y›", "side by side without brackets", "(a, b)"),
    ("a = x‹,› y", "side by side without brackets", "(a, b)"),
    ("x ‹+=› 1", "there is no `+=`", "new name"),
    ("x ‹=>› f", "`=>` is not an operator", "->"),
    ("x ‹===› f", "`===` is not an operator", "=="),
    ("a ‹not› in b", "there is no operator `not in`", "not a in b"),
    ("y = ‹f›'text'", "no `f` before it", "plain"),
    ("‹f(x)› = y", "a call cannot be bound", "bind a name"),
    ("‹3› = y", "a value cannot be bound", "name comes first"),
    ("‹(a, b)› = y", "a list or tuple cannot be bound", "stand bare"),
    ("y[N, ‹1:2›] = x", "a slice stands for no dim", "`_`"),
    ("‹x[]›", "nothing stands between the brackets", "x[0]"),
    ("‹\t›x", "a tab", "spaces"),
    ("x ‹→› f", "`→`", "->"),
    ("x‹;› y", "`;`", "new line"),
    ('x = ‹"abc›', "this string has no end", 'put "'),
    (r"x = 'a‹\q›'", r"`\q` means nothing", r"\n"),
    ("x = ‹2x›", "`2x` is not a number", "2 * x"),
    ("x = ‹007›", "`007` is not a number", "7"),
    ("x = ‹1e999›", "larger than any number", None),
    (f"x = ‹{'9' * 5000}›", "a number of 5000 digits", None),
    ("‹›", "there is no text here", None),
]


def unmark(text: str) -> tuple[str, int, int]:
    start, end = text.index("‹"), text.index("›") - 1
    return text.replace("‹", "").replace("›", ""), start, end


@pytest.mark.parametrize(("marked", "message", "help"), BODIES)
def test_bodies(marked: str, message: str, help: str | None) -> None:
    text, start, end = unmark(marked)
    found = next(found for found in faults(parse_body, text) if found.code != "unused-expression")
    assert found.code == "flow-syntax"
    assert found.span is not None
    assert (found.span.start, found.span.end) == (start, end)
    assert message in found.message
    assert help is None if found.help is None else (help or "") in found.help


@pytest.mark.parametrize(
    "marked", ["‹if› = 3", "f(‹in›=3)", "x.‹for›", "‹true› = x", "f(‹shared›=1)", "‹größe› = 1", "‹None›, c = x"]
)
def test_words_and_letters_that_are_no_names(marked: str) -> None:
    text, start, end = unmark(marked)
    found = fault(parse_body, text)
    assert found.code == "invalid-name"
    assert found.span is not None
    assert (found.span.start, found.span.end) == (start, end)


OTHERS: list[tuple[Callable[[Fragment], object], str, str, str]] = [
    (parse_expression, "params ‹=› 3", "flow-syntax", "`==` compares"),
    (parse_expression, "a\n‹b›", "flow-syntax", "brackets"),
    (parse_stage, "‹->› dense(3)", "flow-syntax", "leave `->` out"),
    (parse_header, "x -> f(a=1, ‹b›)", "flow-syntax", "put `b` first"),
    (parse_header, "x -> f(a, ‹a›)", "duplicate-name", "rename"),
    (parse_header, "x -> ‹if›(a)", "invalid-name", "`if_`"),
    (parse_header, "x -> f(a)‹:›", "flow-syntax", "leave it out"),
    (parse_header, "block‹›", "flow-syntax", "x -> name(parameter, other=1)"),
    (parse_type, "‹float32›[3]", "unknown-dtype", "`f32`"),
    (parse_type, "‹fp32›[3]", "unknown-dtype", "`f32`"),
    (parse_type, "f32‹›", "flow-syntax", "f32[]"),
]


@pytest.mark.parametrize(("parse", "marked", "code", "help"), OTHERS)
def test_other_texts(parse: Callable[[Fragment], object], marked: str, code: str, help: str) -> None:
    text, start, end = unmark(marked)
    found = fault(parse, text)
    assert found.span is not None
    assert (found.code, found.span.start, found.span.end) == (code, start, end)
    assert help in (found.help or "")


def test_an_open_bracket_is_shown() -> None:
    (label,) = fault(parse_body, "y = x -> f(1,\n  2\n").labels
    assert (label.span.line, label.span.column, label.text) == (1, 11, "opened here")


def test_all_lines_are_looked_at() -> None:
    text = "y = f(\n  1,\nz = 3 +\nok = 1\n(3]\n'open\nlost\nx"
    found = [(fault.code, fault.span.line) for fault in faults(parse_body, text) if fault.span]
    assert found == [("flow-syntax", line) for line in (2, 3, 5, 6)]


def test_expressions_that_nothing_uses() -> None:
    first, second = faults(parse_body, "x -> f\ny == 3\nz")
    assert (first.code, second.code) == ("unused-expression", "unused-expression")
    assert first.span is not None
    assert (first.span.start, first.span.end) == (0, 6)
    assert "one `=` binds" in (second.help or "")


def test_errors_are_not_without_end() -> None:
    assert len(faults(parse_body, "x y\n" * 1000)) == MOST_ERRORS


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["-" * 100_000 + ")", "(" * 100_000, "x y\n" * 100_000, "f(\n" * 50_000, "; " * 100_000]
)
def test_long_mistakes_are_found_quickly(text: str) -> None:
    assert faults(parse_body, text)


# ---------------------------------------------------------------- laws

PIECES = (
    "-> + - * ** = == ( ) [ ] { } , : . ... if else for in not shared and x f 3 1e5 's' \" # \\ é ; true lambda".split()
)
PIECES += ["\n", " "]
PARSES = [parse_body, parse_expression, parse_header, parse_type]


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join), st.lists(st.sampled_from(PIECES)).map("".join)
    )
)
@example("f(\r")
def test_any_text_parses_or_is_explained(text: str) -> None:
    for parse in PARSES:
        try:
            parse(Fragment(Source("test.yaml", text), text, ((0, 0),)))
        except SpecError as error:
            for found in error.diagnostics:
                assert found.span is not None
                assert 0 <= found.span.start <= found.span.end <= len(text)
                words = re.sub("`.*`|'.*'", "", found.message, flags=re.DOTALL)
                assert not re.search("NAME|NUMBER|STRING|CONSTANT|END|ANON|_", words)
