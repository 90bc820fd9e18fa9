"""Owns what can be proved of a polynomial's values: constant bounds by relaxing divisions and extrema, given
that every symbol is >= 1. None means: not bounded, or not seen to be. Must not know normal forms of
division or texts."""

from __future__ import annotations

from netwright.compiler.dim_atoms import (
    Atom,
    DimTooComplex,
    Extremum,
    FloorDivision,
    Maximum,
    Minimum,
    Monomial,
    Symbol,
    divide_monomials,
)
from netwright.compiler.dim_polynomial import ONE, Polynomial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_WORK = 400  # terms looked at for one bound; typical shapes take under 20


def lower_bound(polynomial: Polynomial) -> int | None:
    """The greatest integer proved to be <= every value of `polynomial`."""
    try:
        return _lower(polynomial, [MAX_WORK])
    except DimTooComplex:  # the proof outgrew its budget, the polynomial did not: nothing is known
        return None


def upper_bound(polynomial: Polynomial) -> int | None:
    low = lower_bound(-polynomial)
    return None if low is None else -low


def bound_division(atom: FloorDivision) -> None:
    """Fill in `low` and `high` of a new floor division: monotone in x, and for d >= 1 within [0, x] or [x, -1]."""
    divisor = atom.denominator.value
    low, high = lower_bound(atom.numerator), upper_bound(atom.numerator)
    if divisor is not None:
        atom.low = None if low is None else low // divisor
        atom.high = None if high is None else high // divisor
        return
    least = lower_bound(atom.denominator)
    if least is None or least < 0:
        return
    # A zero denominator has no quotient at all, so the least that counts is 1.
    least = max(least, 1)
    beyond = lower_bound(atom.denominator - atom.numerator)
    if low is not None:
        atom.low = low // least if low < 0 else 0
    if high is not None and high < 0:
        atom.high = -1
    elif beyond is not None and beyond > 0:
        atom.high = 0
    elif high is not None:
        atom.high = high // least


def bound_extremum(atom: Extremum) -> None:
    """max is at least its largest lower bound, and bounded above only if every part is; min the other way round."""
    lows = [lower_bound(part) for part in atom.parts]
    highs = [upper_bound(part) for part in atom.parts]
    if isinstance(atom, Maximum):
        atom.low = max((low for low in lows if low is not None), default=None)
        atom.high = None if None in highs else max(high for high in highs if high is not None)
    else:
        atom.low = None if None in lows else min(low for low in lows if low is not None)
        atom.high = min((high for high in highs if high is not None), default=None)


def _lower(polynomial: Polynomial, work: list[int]) -> int | None:
    if work[0] <= 0:
        return None
    work[0] -= 1 + len(polynomial.terms)
    composite = [atom for atom in polynomial.atoms() if not isinstance(atom, Symbol)]
    if not composite:
        return _lower_of_symbols(polynomial)
    atom = max(composite, key=lambda one: (one.depth, one.order))
    proofs = [_lower_by_cases(polynomial, atom, work)] if isinstance(atom, Extremum) else []
    for relaxed, scale in _relaxations(polynomial, atom):
        low = _lower(relaxed, work)
        proofs.append(None if low is None else -(-low // scale))
    return max((low for low in proofs if low is not None), default=None)


def _lower_by_cases(polynomial: Polynomial, atom: Extremum, work: list[int]) -> int | None:
    """A maximum is one of its parts, so what holds with each part in its place holds."""
    lows = [_lower(_replace(polynomial, atom, part), work) for part in atom.parts]
    return None if None in lows else min(low for low in lows if low is not None)


def _lower_of_symbols(polynomial: Polynomial) -> int | None:
    """Write every symbol as 1 + s with s >= 0; where no term in the s is negative, the constant is the least value."""
    shifted: dict[Monomial, int] = {}
    for monomial, factor in polynomial.terms:
        for part, by in _shift(monomial).terms:
            shifted[part] = shifted.get(part, 0) + factor * by
    if any(factor < 0 for monomial, factor in shifted.items() if monomial):
        return None
    return shifted.get((), 0)


def _shift(monomial: Monomial) -> Polynomial:
    shifted = ONE
    for atom in monomial:
        shifted = shifted + shifted.scale(1, (atom,))
    return shifted


def _replace(polynomial: Polynomial, atom: Atom, by: Polynomial) -> Polynomial:
    total = Polynomial(())
    for monomial, factor in polynomial.terms:
        product = Polynomial.constant(factor)
        for one in monomial:
            product = product * (by if one == atom else Polynomial.of_atom(one))
        total = total + product
    return total


def _relaxations(polynomial: Polynomial, atom: Atom) -> Iterator[tuple[Polynomial, int]]:
    """(smaller, scale): polynomials with scale * polynomial >= smaller, one occurrence of `atom` less in each term."""
    for relax in _RELAX[type(atom)]:
        scale = 1
        pieces: list[tuple[Polynomial, int]] = []
        for monomial, factor in polynomial.terms:
            piece = (Polynomial(((monomial, factor),)), 1) if atom not in monomial else relax(atom, monomial, factor)
            if piece is None:
                break
            pieces.append(piece)
            scale = scale * piece[1] if scale % piece[1] else scale
        else:
            terms = (term for piece, by in pieces for term in piece.scale(scale // by).terms)
            yield Polynomial.collect(terms), scale


Piece = tuple[Polynomial, int]  # (p, scale): scale * term >= p


def _cofactor(atom: Atom, monomial: Monomial) -> Monomial | None:
    """monomial / atom, if that is known not to be negative."""
    rest = list(monomial)
    rest.remove(atom)
    return tuple(rest) if all(one.low is not None and one.low >= 0 for one in rest) else None


def _by_constant(atom: Atom, monomial: Monomial, factor: int) -> Piece | None:
    limit = atom.low if factor > 0 else atom.high
    rest = _cofactor(atom, monomial)
    if limit is None or rest is None:
        return None
    return Polynomial.collect([(rest, factor * limit)]), 1


def _by_quotient(atom: Atom, monomial: Monomial, factor: int) -> Piece | None:
    """n/d - (d-1)/d <= n//d <= n/d, for an integer d or one that is itself a factor of the term."""
    assert isinstance(atom, FloorDivision)
    rest = _cofactor(atom, monomial)
    if rest is None:
        return None
    numerator = atom.numerator if factor < 0 else atom.numerator - atom.denominator + ONE
    divisor = atom.denominator.value
    if divisor is not None:
        return numerator.scale(factor, rest), divisor
    if len(atom.denominator.terms) == 1:
        lead, by = atom.denominator.terms[0]
        left = divide_monomials(rest, lead)
        if left is not None:
            return numerator.scale(factor, left), by
    return _by_numerator(atom, rest, factor)


def _by_numerator(atom: FloorDivision, rest: Monomial, factor: int) -> Piece | None:
    """n//d <= n where n >= 0 and d >= 1, which is when `low` is not negative."""
    if factor > 0 or atom.low is None or atom.low < 0:
        return None
    return atom.numerator.scale(factor, rest), 1


def _by_part(index: int, kind: type[Extremum]) -> Callable[[Atom, Monomial, int], Piece | None]:
    """max(a, b) >= a and min(a, b) <= a."""

    def relax(atom: Atom, monomial: Monomial, factor: int) -> Piece | None:
        assert isinstance(atom, Extremum)
        rest = _cofactor(atom, monomial)
        if rest is None or index >= len(atom.parts) or (factor > 0) != (kind is Maximum):
            return None
        return atom.parts[index].scale(factor, rest), 1

    return relax


_RELAX: dict[type[Atom], tuple[Callable[[Atom, Monomial, int], Piece | None], ...]] = {
    FloorDivision: (_by_quotient, _by_constant),
    Maximum: (*(_by_part(index, Maximum) for index in range(4)), _by_constant),
    Minimum: (*(_by_part(index, Minimum) for index in range(4)), _by_constant),
}
