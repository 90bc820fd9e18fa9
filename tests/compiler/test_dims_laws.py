"""The laws of dims, over random expressions: arithmetic is that of the integers, and no answer contradicts a size."""

from __future__ import annotations

import operator
from collections.abc import Callable

from hypothesis import assume, given, settings, strategies as st

from netwright.compiler.dims import (
    Dim,
    DimTooComplex,
    ceil_div,
    dim_max,
    dim_min,
    equal,
    evaluate,
    less_equal,
    less_than,
    positive,
    substitute,
    symbol,
    symbols_of,
)

NAMES = ("H", "W", "N")
SIZES = [
    dict(zip(NAMES, sizes, strict=True))
    for sizes in [(1, 1, 1), (1, 2, 3), (2, 1, 7), (5, 5, 2), (8, 3, 1), (7, 16, 4), (31, 9, 12), (224, 225, 6)]
]
quick = settings(max_examples=60, deadline=None, derandomize=True)

Operation = Callable[[Dim, Dim], Dim]
ANY: dict[str, Operation] = {"+": operator.add, "-": operator.sub, "*": operator.mul, "max": dim_max, "min": dim_min}
OVER: dict[str, Operation] = {"//": operator.floordiv, "%": operator.mod}

leaves: st.SearchStrategy[Dim] = st.sampled_from([symbol(name) for name in NAMES]) | st.integers(-7, 9)
symbolic_divisors: list[Dim] = [-2, symbol("W"), 2 * symbol("N"), symbol("W") + 3]
divisors: st.SearchStrategy[Dim] = st.integers(1, 6) | st.sampled_from(symbolic_divisors)


def _applied(parts: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
    anything = st.tuples(st.sampled_from(list(ANY.values())), parts, parts)
    divided = st.tuples(st.sampled_from(list(OVER.values())), parts, divisors)
    return (anything | divided).map(lambda drawn: drawn[0](drawn[1], drawn[2]))


dims: st.SearchStrategy[Dim] = st.recursive(leaves, _applied, max_leaves=6)


@quick
@given(dims, dims, dims)
def test_ring(a: Dim, b: Dim, c: Dim) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert (a + b) + c == a + (b + c)
    assert (a * b) * c == a * (b * c)
    assert a * (b + c) == a * b + a * c
    assert a - a == 0
    assert a * 1 == a + 0 == a == 0 - (-a)


@quick
@given(dims, dims)
def test_operators_are_those_of_the_integers(a: Dim, b: Dim) -> None:
    for sizes in SIZES:
        x, y = evaluate(a, sizes), evaluate(b, sizes)
        assert evaluate(a + b, sizes) == x + y
        assert evaluate(a - b, sizes) == x - y
        assert evaluate(a * b, sizes) == x * y
        assert evaluate(a**2, sizes) == x**2
        assert evaluate(dim_max(a, b), sizes) == max(x, y)
        assert evaluate(dim_min(a, b), sizes) == min(x, y)


@quick
@given(dims, dims)
def test_divisions_are_those_of_the_integers(a: Dim, b: Dim) -> None:
    assume(b != 0)
    quotient, remainder, ceiling = a // b, a % b, ceil_div(a, b)
    for sizes in SIZES:
        x, y = evaluate(a, sizes), evaluate(b, sizes)
        if y:
            assert _evaluated(quotient, sizes) in (None, x // y)
            assert _evaluated(remainder, sizes) in (None, x % y)
            assert _evaluated(ceiling, sizes) in (None, -(-x // y))


def _evaluated(dim: Dim, sizes: dict[str, int]) -> int | None:
    try:
        return evaluate(dim, sizes)
    except ZeroDivisionError:
        return None


@quick
@given(dims, st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9))
def test_division_identities(a: Dim, shift: int, by: int, then: int) -> None:
    assert (a + by * shift) // by == a // by + shift
    assert (by * a) // (by * then) == a // then
    assert a == by * (a // by) + a % by


@quick
@given(st.integers(-9, 9), st.integers(1, 9), st.integers(1, 9), st.integers(-9, 9))
def test_strides_compose(shift: int, by: int, then: int, again: int) -> None:
    H = symbol("H")
    assert ((H + shift) // by + again) // then == (H + shift + by * again) // (by * then)


@quick
@given(dims, dims)
def test_decisions_never_contradict_a_size(a: Dim, b: Dim) -> None:
    answers = equal(a, b), less_equal(a, b), less_than(a, b), positive(a)
    for sizes in SIZES:
        x, y = evaluate(a, sizes), evaluate(b, sizes)
        for answer, truth in zip(answers, (x == y, x <= y, x < y, x >= 1), strict=True):
            assert answer in (None, truth)


@quick
@given(dims)
def test_text_means_the_dim(a: Dim) -> None:
    code = compile(str(a), "dim", "eval")
    for sizes in SIZES:
        assert eval(code, {"max": max, "min": min}, sizes) == evaluate(a, sizes)


@quick
@given(dims)
def test_text_read_again_is_the_same_dim(a: Dim) -> None:
    symbols = {name: symbol(name) for name in NAMES}
    again = eval(str(a), {"max": dim_max, "min": dim_min}, symbols)
    assert equal(again, a)  # for a half, x//2 and its mirror may both be normal: `==` is stricter than equality
    assert str(substitute(a, {})) == str(a)


@quick
@given(dims, dims)
def test_substitution_then_size(a: Dim, b: Dim) -> None:
    replaced = _or_none(lambda: substitute(a, {"H": b}))
    for sizes in SIZES:
        size = evaluate(b, sizes)
        if replaced is not None and size >= 1:
            assert evaluate(replaced, sizes) == evaluate(a, {**sizes, "H": size})


def _or_none(make: Callable[[], Dim]) -> Dim | None:
    try:
        return make()
    except (ZeroDivisionError, DimTooComplex):
        return None


@quick
@given(dims, dims)
def test_equal_forms_are_equal_functions(a: Dim, b: Dim) -> None:
    assert symbols_of(a) <= set(NAMES)
    if a == b:
        assert hash(a) == hash(b)
        assert all(evaluate(a, sizes) == evaluate(b, sizes) for sizes in SIZES)
