"""Symbolic dims: one form and one text for what networks do to sizes, and honest answers about order."""

from __future__ import annotations

import copy
import pickle

import pytest

from netwright.compiler.dims import (
    Dim,
    DimTooComplex,
    InexactDivision,
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

C, H, N, T, W = map(symbol, "CHNTW")


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        ((H - 3) // 2 + 1, "(H - 3)//2 + 1"),  # LANGUAGE.md section 5
        ((H - 1) // 2, "(H - 3)//2 + 1"),
        ((H - 7) // 2 + 1, "(H - 7)//2 + 1"),
        ((H - 2) // 2 + 1, "H//2"),
        ((H - 1) // 2 + 1, "(H + 1)//2"),
        ((H - 1) // 3 + 1, "(H + 2)//3"),
        (H // 2 - 1, "H//2 - 1"),
        (H // 2 // 2, "H//4"),
        (((H + 1) // 2 + 1) // 2, "(H + 3)//4"),
        (((H - 3) // 2 + 1 - 3) // 2 + 1, "(H - 7)//4 + 1"),
        (W + (H - 3) // 2 + 1, "W + (H - 3)//2 + 1"),
        (4 * N * T, "4*N*T"),
        (2 * H + 1, "2*H + 1"),
        (3 - H, "3 - H"),
        (3 * H // 2, "3*H//2"),
        (2 * H // 3, "2*H//3"),
        (2 * (H // 2), "2*(H//2)"),
        (-(H // 2), "-(H//2)"),
        (N - H // 2, "N - H//2"),
        (H // W // 2, "H//(2*W)"),
        (ceil_div(T, W), "(T - 1)//W + 1"),
        (H % 2, "H % 2"),
        ((H + 5) % 4, "(H + 1) % 4"),
        (N * (H % 4), "N*(H % 4)"),
        (H % W, "H % W"),
        (H**2, "H**2"),
        (dim_max(W, H), "max(H, W)"),
        (2 * dim_min(H, W, 5) + 1, "2*min(H, W, 5) + 1"),
        (8 * N * ((H - 3) // 2 + 1) * ((W - 3) // 2 + 1), "8*N*((H - 3)//2 + 1)*((W - 3)//2 + 1)"),
        (C * (H + 2) * (W + 2), "C*(H + 2)*(W + 2)"),
        (2 * ((H - 3) // 2 + 1), "2*((H - 3)//2 + 1)"),
    ],
)
def test_text(dim: Dim, text: str) -> None:
    assert str(dim) == text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ((4 * H + 5) // 2, 2 * H + 2),
        (4 * H // 2, 2 * H),
        (H * W // W, H),
        ((N * C + T * C) // C, N + T),
        (H * 64 * C // (8 * C), 8 * H),
        ((H * W + 2 * H) // (W + 2), H),
        (H * W * C // (H * W), C),
        ((2 * H) // (2 * W), H // W),
        (3 * H // 2, H + H // 2),
        (2 * H // 2 // 2 * 2 - H // 2, H // 2),  # up-sampled, pooled twice, up-sampled
        (2 * (H + 1) - 2, 2 * H),  # padded, up-sampled, cropped
        (((H - 1) // 2 + 1 - 1) // 2 + 1, (H - 1) // 4 + 1),  # 'same' twice
        (H - (H - 1), 1),
        (-((-H) // 3), (H + 2) // 3),
        (dim_max(H, dim_max(W, 1)), dim_max(W, H)),
        (dim_min(H, 1), 1),
        ((H % 4) // 4, 0),
        (3 // (W + 5), 0),
        (H**0, 1),
    ],
)
def test_one_form(left: Dim, right: Dim) -> None:
    assert left == right
    assert hash(left) == hash(right)


def test_constants_come_back_as_int() -> None:
    assert type(H - H + 3) is int
    assert type((2 * H + 1) // (2 * H + 1)) is int


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (equal(H, H), True),
        (equal(H, W), None),
        (equal(N, 1), None),
        (equal(H + 1, H), False),
        (equal(H + 1, 1), False),
        (equal(2 * H, 2 * W + 1), False),
        (equal(H // 2 + (H + 1) // 2, H), True),
        (equal(H - H // 2, (H + 1) // 2), True),
        (less_equal(H // 2, H), True),
        (less_equal(2 * (H // 2), H), True),
        (less_equal(H // 2 + 1, H), True),
        (less_equal(H // 2 + 2, H), None),
        (less_equal(H // W, H), True),
        (less_equal(H + 1, H), False),
        (less_equal(H, dim_max(H, W)), True),
        (less_equal(dim_min(H, W), W), True),
        (less_equal(dim_max(H, W), H + W), True),
        (less_than(H % W, W), True),
        (less_than(H % 4, 4), True),
        (less_than(H, H), False),
        (positive(H), True),
        (positive(H // 2), None),
        (positive((H + 1) // 2), True),
        (positive(N * ((H + 1) // 2) * ((W + 1) // 2)), True),
        (positive((H - 3) // 2 + 1), None),
        (positive(1 - H), False),
        (positive(4), True),
        (positive(0), False),
    ],
)
def test_decisions(answer: bool | None, expected: bool | None) -> None:
    assert answer is expected


def test_order_and_truth_are_not_guessed() -> None:
    with pytest.raises(TypeError):
        H < W  # type: ignore[operator]  # noqa: B015
    with pytest.raises(TypeError, match="truth"):
        bool(H)
    assert H != 1


def test_exact_division() -> None:
    assert 4 * H / 2 == 2 * H
    assert H * W / W == H
    with pytest.raises(InexactDivision):
        H / 2
    with pytest.raises(InexactDivision):
        H**-1


def test_division_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        H // 0
    with pytest.raises(ZeroDivisionError):
        H % 0
    with pytest.raises(ZeroDivisionError):
        H / (W - W)


def test_floats_are_refused() -> None:
    with pytest.raises(TypeError):
        H + 0.5  # type: ignore[operator]


def test_work_is_bounded() -> None:
    with pytest.raises(DimTooComplex):
        H**1_000_000
    with pytest.raises(DimTooComplex):
        (H + W + N + T + C + 1) ** 12
    with pytest.raises(DimTooComplex):
        _nest(1000)


def _nest(times: int) -> Dim:
    nested: Dim = H
    for _ in range(times):
        nested = (nested * nested + 1) // W
    return nested


def test_long_chains_stay_small() -> None:
    length: Dim = H
    for _ in range(200):
        length = (length - 1) // 2 + 1
    assert evaluate(length, {"H": 7}) == 1


def test_substitute_evaluate_symbols() -> None:
    dim = dim_max((H - 3) // 2 + 1, W % 3)
    assert symbols_of(dim) == {"H", "W"}
    assert symbols_of(7) == frozenset()
    assert evaluate(dim, {"H": 224, "W": 5}) == 111
    assert substitute(dim, {"H": 224, "W": 5}) == 111
    assert substitute(dim, {"H": W, "W": H}) == dim_max((W - 3) // 2 + 1, H % 3)
    assert substitute(H + N, {"H": 2 * N}) == 3 * N
    with pytest.raises(KeyError):
        evaluate(dim, {"H": 1})


def test_immutable_and_copied_whole() -> None:
    dim = (H - 3) // 2 + W
    with pytest.raises(AttributeError):
        dim._polynomial = None  # type: ignore[union-attr]
    assert pickle.loads(pickle.dumps(dim)) == dim
    assert copy.deepcopy(dim) == dim
