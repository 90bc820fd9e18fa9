"""Literals mean what they say, expressions keep their structure, long lines are broken as formatters do."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import given, strategies as st

from netwright.backends.keras.layout import WIDTH, lay_out
from netwright.backends.keras.literals import constant, documentation, string
from netwright.backends.keras.names import Names
from netwright.backends.keras.statements import Assign, Return
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Joined, Operation, Signed, Subscript, Ternary

# ---------------------------------------------------------------- literals

constants = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda items: st.lists(items, max_size=3).map(tuple),
)


@given(constants)
def test_literals_mean_their_value(value: Any) -> None:
    text = constant(value).flat()
    assert "\n" not in text
    assert eval(text, {"float": float}) == value


@given(st.text())
def test_strings_hold_nothing_that_reorders_a_line(text: str) -> None:
    assert all(letter.isprintable() for letter in string(text))


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (1.001e-5, "1.001e-5", "1.001e-5"),
        (10_000, "10_000", "10_000"),
        (1e5, "1E+5", "100000.0"),
        (0.5, ".5", "0.5"),
        (3, "4", "3"),
        (3, "3; import os", "3"),
        (7, "٧", "7"),
    ],
)
def test_numbers_are_written_as_in_the_spec_where_formatters_agree(value: float, text: str, expected: str) -> None:
    assert constant(value, text).flat() == expected


def test_what_is_not_finite() -> None:
    assert eval(constant(-math.inf).flat(), {"float": float}) == -math.inf


@given(st.lists(st.text(max_size=60), max_size=4))
def test_documentation_is_one_string_without_blanks_at_line_ends(paragraphs: list[str]) -> None:
    text = documentation(["title", *paragraphs], 60)
    (statement,) = ast.parse(f'"""{text}\n"""').body
    assert isinstance(statement, ast.Expr)
    assert isinstance(statement.value, ast.Constant)
    assert not any(line.endswith(" ") for line in text.splitlines())


# ---------------------------------------------------------------- expressions

names = st.sampled_from("abc").map(Atom)
expressions = st.recursive(
    names | st.integers(0, 9).map(lambda number: Atom(str(number))),
    lambda inner: st.one_of(
        st.builds(Operation, st.sampled_from(["+", "-", "*", "/", "//", "%", "@", "**"]), inner, inner),
        st.builds(lambda operand: Signed("-", operand), inner),
        st.builds(Ternary, inner, inner, inner),
        st.builds(lambda one, two: Joined(("and",), (one, two)), inner, inner),
        st.builds(lambda one, two: Joined(("<",), (one, two)), inner, inner),
        st.builds(lambda one, two: Call(Atom("f"), (one,), (("k", two),)), inner, inner),
        st.builds(lambda one, two: Subscript(one, (two,)), names, inner),
        st.builds(lambda items: Display("tuple", tuple(items)), st.lists(inner, max_size=3)),
    ),
    max_leaves=12,
)


def bracketed(code: Code) -> str:
    """The expression with every part in parentheses."""
    text = code.flat()
    match code:
        case Operation(sign, left, right) | Joined((sign,), (left, right)):
            text = f"({bracketed(left)} {sign} {bracketed(right)})"
        case Signed(sign, operand):
            text = f"({sign}{bracketed(operand)})"
        case Ternary(then, condition, otherwise):
            text = f"({bracketed(then)} if {bracketed(condition)} else {bracketed(otherwise)})"
        case Call(_, (first,), ((_, second),)):
            text = f"f({bracketed(first)}, k={bracketed(second)})"
        case Subscript(base, (index,)):
            text = f"{bracketed(base)}[{bracketed(index)}]"
        case Display(_, items):
            text = "(" + "".join(f"{bracketed(item)}, " for item in items) + ")"
    return text


@given(expressions)
def test_expressions_keep_their_structure(code: Code) -> None:
    assert ast.dump(ast.parse(code.flat())) == ast.dump(ast.parse(bracketed(code)))


@given(expressions)
def test_broken_lines_mean_the_same(code: Code) -> None:
    wide = Call(Atom("function_of_a_long_name"), (code, Atom("a_long_name_that_takes_room")), (("keyword", code),))
    text = lay_out([Assign(("x",), wide)])
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(f"x = {wide.flat()}"))


# ---------------------------------------------------------------- lines


def layer(*arguments: str) -> Call:
    return Call(Call(Atom("layers.Conv2D"), tuple(map(Atom, arguments))), (Atom("x"),))


def test_arguments_of_a_layer_that_is_applied_stand_on_a_line_each() -> None:
    long = [f"argument_{number}" for number in range(8)]
    lines = lay_out([Return((layer(*long),))], 4).split("\n")
    assert lines[0] == "    return layers.Conv2D("
    assert lines[1:-1] == [f"        {name}," for name in long]
    assert lines[-1] == "    )(x)"


def test_a_long_choice_becomes_a_statement() -> None:
    choice = Ternary(layer(*["argument"] * 3), Atom("a_condition_of_some_length"), Atom("x" * 30))
    lines = lay_out([Assign(("y",), choice)]).split("\n")
    assert lines[0] == "if a_condition_of_some_length:"
    assert lines[2:] == ["else:", f"    y = {'x' * 30}"]
    assert all(len(line) <= WIDTH for line in lines)


def test_a_long_choice_of_several_is_not_nested() -> None:
    choice = Atom("x" * 30)
    for number in range(3):
        choice = Ternary(Atom("y" * 30), Atom(f"condition_{number}"), choice)
    lines = lay_out([Assign(("y",), choice)]).split("\n")
    assert lines[::2] == ["if condition_2:", "elif condition_1:", "elif condition_0:", "else:"]
    assert lines[1::2] == [f"    y = {'y' * 30}"] * 3 + [f"    y = {'x' * 30}"]


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("taken", ["class", "print", "layers", "keras", "l", "None", "build_model"])
def test_names_of_python_get_an_underscore(taken: str) -> None:
    assert Names().claim(taken) == f"{taken}_"


def test_inner_names_differ_from_outer_ones() -> None:
    outer = Names()
    outer.claim("x")
    inner = Names(outer)
    assert inner.claim("x") == "x_"
    assert inner.claim_first(("x", "y")) == "y"
    assert inner.claim_first(("x", "y")) == "y_1"
