"""Owns the ring below symbolic dims: `Polynomial` with integer coefficients over monomials of atoms, and division
with remainder. Must not know how a floor division is brought to normal form, bounded or printed."""

from __future__ import annotations

from math import gcd, prod

from netwright.compiler.dim_atoms import (
    MAX_TERMS,
    Atom,
    DimTooComplex,
    Monomial,
    divide_monomials,
    monomial_order,
    multiply_monomials,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class Polynomial:
    """Immutable. `terms`: (monomial, coefficient != 0), the leading one first, the constant last."""

    __slots__ = ("terms",)

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms

    @property
    def order(self) -> tuple[Any, ...]:
        """Identifies and sorts."""
        return tuple((*monomial_order(monomial), factor) for monomial, factor in self.terms)

    @property
    def depth(self) -> int:
        """How deep divisions and extrema nest; 0 for symbols only."""
        return max((atom.depth for monomial, _ in self.terms for atom in monomial), default=0)

    @property
    def weight(self) -> int:
        """How many parts it is written with."""
        return len(self.terms) + sum(atom.weight for monomial, _ in self.terms for atom in monomial)

    @staticmethod
    def collect(terms: Iterable[tuple[Monomial, int]]) -> Polynomial:
        """The sum of `terms`, in which a monomial may come several times."""
        total: dict[Monomial, int] = {}
        for monomial, factor in terms:
            total[monomial] = total.get(monomial, 0) + factor
        kept = [(monomial, factor) for monomial, factor in total.items() if factor]
        if len(kept) > MAX_TERMS:
            raise DimTooComplex(f"a dim has more than {MAX_TERMS} terms")
        if len(kept) > 1:
            kept.sort(key=lambda term: monomial_order(term[0]))
        return Polynomial(tuple(kept))

    @staticmethod
    def constant(value: int) -> Polynomial:
        return Polynomial((((), value),) if value else ())

    @staticmethod
    def of_atom(atom: Atom) -> Polynomial:
        return Polynomial((((atom,), 1),))

    @property
    def value(self) -> int | None:
        """The integer that this is, if it is one."""
        if not self.terms:
            return 0
        return None if self.terms[0][0] else self.terms[0][1]

    @property
    def offset(self) -> int:
        """The constant term."""
        return self.terms[-1][1] if self.terms and not self.terms[-1][0] else 0

    @property
    def never_zero(self) -> bool:
        """The constant is not a multiple of what divides every other coefficient: 2*H + 1 is odd."""
        common = gcd(*(factor for monomial, factor in self.terms if monomial))
        return common != 0 and self.offset % common != 0

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Polynomial) and self.terms == other.terms)

    def __hash__(self) -> int:
        return hash(self.terms)

    def __add__(self, other: Polynomial) -> Polynomial:
        return Polynomial.collect((*self.terms, *other.terms))

    def __neg__(self) -> Polynomial:
        return self.scale(-1)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.scale(-1)

    def __mul__(self, other: Polynomial) -> Polynomial:
        return Polynomial.collect(
            (multiply_monomials(left, right), factor * by) for left, factor in self.terms for right, by in other.terms
        )

    def scale(self, factor: int, monomial: Monomial = ()) -> Polynomial:
        if factor and not monomial:  # the terms are in order, and as many
            return Polynomial(tuple((term, by * factor) for term, by in self.terms))
        return Polynomial.collect((multiply_monomials(term, monomial), by * factor) for term, by in self.terms)

    def atoms(self) -> frozenset[Atom]:
        return frozenset(atom for monomial, _ in self.terms for atom in monomial)

    def symbols(self) -> frozenset[str]:
        return frozenset().union(*(atom.symbols() for atom in self.atoms()))

    def evaluate(self, values: Mapping[str, int]) -> int:
        total = 0
        for monomial, factor in self.terms:
            total += factor * prod(atom.evaluate(values) for atom in monomial)
        return total


ZERO = Polynomial.constant(0)
ONE = Polynomial.constant(1)


def divide(numerator: Polynomial, denominator: Polynomial) -> tuple[Polynomial, Polynomial]:
    """(quotient, remainder) with numerator = quotient * denominator + remainder.

    No remainder term can be reduced by the denominator's leading term, so each class of
    numerators that differ by a multiple of the denominator has one remainder."""
    lead, by = denominator.terms[0]
    quotient: list[tuple[Monomial, int]] = []
    rest = numerator
    for _ in range(MAX_TERMS):
        step = _leading_step(rest, lead, by)
        if step is None:
            return Polynomial.collect(quotient), rest
        quotient.append(step)
        rest = rest - denominator.scale(step[1], step[0])
    raise DimTooComplex(f"a division takes more than {MAX_TERMS} steps")


def _leading_step(rest: Polynomial, lead: Monomial, by: int) -> tuple[Monomial, int] | None:
    for monomial, factor in rest.terms:
        if factor // by:
            shared = divide_monomials(monomial, lead)
            if shared is not None:
                return shared, factor // by
    return None


def shared_monomial(*polynomials: Polynomial) -> Monomial:
    """The greatest monomial that divides every term of every polynomial."""
    monomials = [monomial for polynomial in polynomials for monomial, _ in polynomial.terms]
    if not monomials:
        return ()
    shared = list(monomials[0])
    for monomial in monomials[1:]:
        rest = list(monomial)
        kept = []
        for atom in shared:
            if atom in rest:
                rest.remove(atom)
                kept.append(atom)
        shared = kept
    return tuple(shared)


def strip(polynomial: Polynomial, factor: int, monomial: Monomial = ()) -> Polynomial:
    """polynomial / (factor * monomial) where `monomial` divides every term; coefficients are floored."""
    return Polynomial.collect(
        (rest, by // factor) for term, by in polynomial.terms if (rest := divide_monomials(term, monomial)) is not None
    )
