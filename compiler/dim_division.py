"""Owns the normal form of floor division. Functions that these identities make equal get one form:

    (q d + r)//d = q + r//d      (g n)//(g d) = n//d      (n//a + q)//b = (n + a q)//(a b)
    (g n + c)//(g d) = (n + c//g)//d                      n//d = -((d - 1 - n)//d)

Must not know texts."""

from __future__ import annotations

from math import gcd

from netwright.compiler.dim_atoms import FloorDivision, Monomial
from netwright.compiler.dim_bounds import bound_division, lower_bound
from netwright.compiler.dim_polynomial import ONE, ZERO, Polynomial, divide, shared_monomial, strip


def floor_divide(numerator: Polynomial, denominator: Polynomial) -> Polynomial:
    """floor(numerator / denominator) in normal form. Raises ZeroDivisionError for a denominator that is 0."""
    if not denominator.terms:
        raise ZeroDivisionError("a dim is divided by zero")
    if denominator.terms[0][1] < 0:
        numerator, denominator = -numerator, -denominator
    numerator, denominator = _cancel(numerator, denominator)
    if denominator.value == 1:
        return numerator
    quotient, rest = divide(numerator, denominator)
    if not rest.terms:
        return quotient
    flat = _flatten(numerator, rest, denominator)
    if flat is not None:
        return flat
    narrow, by = _cancel(rest, denominator)
    if narrow != rest:
        return quotient + floor_divide(narrow, by)
    return quotient + _irreducible(rest, denominator)


def _cancel(numerator: Polynomial, denominator: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Take out the common monomial and the common divisor; a constant in the numerator is floored for the latter."""
    monomial = shared_monomial(numerator, denominator)
    factors = [factor for term, factor in numerator.terms if term]
    common = gcd(*factors, *(factor for _, factor in denominator.terms))
    if numerator.offset % common and not _never_negative(denominator):
        common = gcd(common, numerator.offset)
    if not monomial and common == 1:
        return numerator, denominator
    return strip(numerator, common, monomial), strip(denominator, common, monomial)


def _flatten(numerator: Polynomial, rest: Polynomial, denominator: Polynomial) -> Polynomial | None:
    """Merge a division inside the numerator into the outer one, where it is the only one and counts once."""
    divisions = [atom for atom in rest.atoms() if isinstance(atom, FloorDivision)]
    if len(divisions) != 1 or not _never_negative(denominator):
        return None
    inner = divisions[0]
    alone: Monomial = (inner,)
    sign = _unit_sign(dict(numerator.terms).get(alone, 0), dict(rest.terms).get(alone, 0), denominator.value)
    if sign == 0 or (sign < 0 and not _never_negative(inner.denominator)):
        return None
    beside = numerator - Polynomial(((alone, sign),))
    merged = inner.numerator if sign > 0 else inner.denominator - ONE - inner.numerator
    return floor_divide(merged + inner.denominator * beside, inner.denominator * denominator)


def _unit_sign(written: int, residue: int, divisor: int | None) -> int:
    """1 or -1 as the inner division counts once, up to multiples of the divisor; 0 if it counts otherwise."""
    if written in (1, -1):
        return written
    if residue == 1:
        return 1
    return -1 if divisor is not None and residue == divisor - 1 else 0


def one_of_mirrors(atom: FloorDivision) -> Polynomial:
    """The division; of two by halves that mirror each other, both in normal form, always the same one."""
    divisor, rest = atom.denominator.value, atom.numerator
    halves = divisor is not None and all(2 * factor == divisor for monomial, factor in rest.terms if monomial)
    if divisor is None or not halves or 2 * rest.offset < divisor:
        return Polynomial.of_atom(atom)
    flipped, rest = divide(atom.denominator - ONE - rest, atom.denominator)
    return -(flipped + _atom(rest, atom.denominator))


def _irreducible(rest: Polynomial, denominator: Polynomial) -> Polynomial:
    if _leans_negative(rest, denominator) and _never_negative(denominator):
        flipped, rest = divide(denominator - ONE - rest, denominator)
        return -(flipped + _atom(rest, denominator))
    return _atom(rest, denominator)


def _leans_negative(rest: Polynomial, denominator: Polynomial) -> bool:
    """Of n//d and its mirror -((d - 1 - n)//d), keep the one whose first telling coefficient is the smaller."""
    divisor = denominator.value
    for monomial, factor in rest.terms:
        if monomial and divisor is None:
            return factor < 0
        if monomial and divisor is not None and 2 * factor != divisor:
            return 2 * factor > divisor
    return False


def _atom(rest: Polynomial, denominator: Polynomial) -> Polynomial:
    value, divisor = rest.value, denominator.value
    if value is not None and divisor is not None:
        return Polynomial.constant(value // divisor)
    if not rest.terms:
        return ZERO
    atom = FloorDivision(rest, denominator)
    bound_division(atom)
    if atom.low is not None and atom.low == atom.high:
        return Polynomial.constant(atom.low)
    return Polynomial.of_atom(atom)


def _never_negative(polynomial: Polynomial) -> bool:
    low = lower_bound(polynomial)
    return low is not None and low >= 0
