"""Owns the ring below symbolic dims: `Polynomial` with integer coefficients over monomials of atoms (a symbol,
a floor division, a maximum, a minimum). Must not know how a division is brought to normal form, bounded or printed."""

from __future__ import annotations

from math import gcd

TYPE_CHECKING = False  # importing `typing` would cost more than this module
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

MAX_TERMS = 256
MAX_DEGREE = 64
MAX_DEPTH = 40
MAX_WEIGHT = 4096


class DimTooComplex(ArithmeticError):
    """A dim grew past what the compiler computes with (256 terms, degree 64, 40 nested divisions)."""


class Atom:
    """An indivisible factor of a monomial. `order` identifies it and sorts it; [`low`, `high`] holds its values."""

    __slots__ = ("_hash", "depth", "high", "low", "order", "text", "weight")
    rank = 0

    def __init__(self, order: tuple[Any, ...], parts: tuple[Polynomial, ...]) -> None:
        self.order = (self.rank, *order)
        self._hash = hash(self.order)
        self.depth = 1 + max((part.depth for part in parts), default=-1)
        self.weight = 1 + sum(part.weight for part in parts)
        if self.depth > MAX_DEPTH or self.weight > MAX_WEIGHT:
            raise DimTooComplex(f"a dim nests more than {MAX_DEPTH} divisions or holds more than {MAX_WEIGHT} parts")
        self.low: int | None = None
        self.high: int | None = None
        self.text: str | None = None

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Atom) and self._hash == other._hash and self.order == other.order)

    def __hash__(self) -> int:
        return self._hash

    def symbols(self) -> frozenset[str]:
        raise NotImplementedError

    def evaluate(self, values: Mapping[str, int]) -> int:
        raise NotImplementedError


class Symbol(Atom):
    """A named size, an integer >= 1."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__((name,), ())
        self.name = name
        self.low = 1
        self.text = name

    def symbols(self) -> frozenset[str]:
        return frozenset((self.name,))

    def evaluate(self, values: Mapping[str, int]) -> int:
        return values[self.name]


class FloorDivision(Atom):
    """numerator // denominator, irreducible; the leading coefficient of the denominator is positive."""

    __slots__ = ("denominator", "numerator")
    rank = 1

    def __init__(self, numerator: Polynomial, denominator: Polynomial) -> None:
        super().__init__((numerator.order, denominator.order), (numerator, denominator))
        self.numerator = numerator
        self.denominator = denominator

    def symbols(self) -> frozenset[str]:
        return self.numerator.symbols() | self.denominator.symbols()

    def evaluate(self, values: Mapping[str, int]) -> int:
        return self.numerator.evaluate(values) // self.denominator.evaluate(values)


class Extremum(Atom):
    """The largest or smallest of several polynomials of which none is known to be dominated."""

    __slots__ = ("parts",)
    name: str
    choose: Callable[..., int]

    def __init__(self, parts: tuple[Polynomial, ...]) -> None:
        super().__init__(tuple(part.order for part in parts), parts)
        self.parts = parts

    def symbols(self) -> frozenset[str]:
        return frozenset().union(*(part.symbols() for part in self.parts))

    def evaluate(self, values: Mapping[str, int]) -> int:
        return type(self).choose(part.evaluate(values) for part in self.parts)


class Maximum(Extremum):
    __slots__ = ()
    rank = 2
    name = "max"
    choose = staticmethod(max)


class Minimum(Extremum):
    __slots__ = ()
    rank = 3
    name = "min"
    choose = staticmethod(min)


Monomial = tuple[Atom, ...]  # its factors in order, a square as the factor twice; () is 1


def _atom_order(atom: Atom) -> tuple[Any, ...]:
    return atom.order


def _monomial_order(monomial: Monomial) -> tuple[Any, ...]:
    """Graded lexicographic, leading monomial first: the order that polynomial division needs to end."""
    return (-len(monomial), tuple(atom.order for atom in monomial))


def multiply_monomials(left: Monomial, right: Monomial) -> Monomial:
    if not left or not right:
        return left or right
    if len(left) + len(right) > MAX_DEGREE:
        raise DimTooComplex(f"a dim is of higher degree than {MAX_DEGREE}")
    return tuple(sorted(left + right, key=_atom_order))


def divide_monomials(left: Monomial, right: Monomial) -> Monomial | None:
    """left / right, or None where right does not divide left."""
    if not right:
        return left
    rest = list(left)
    for atom in right:
        if atom not in rest:
            return None
        rest.remove(atom)
    return tuple(rest)


class Polynomial:
    """Immutable. `terms`: (monomial, coefficient != 0), the leading one first, the constant last."""

    __slots__ = ("_hash", "depth", "order", "terms", "weight")

    def __init__(self, terms: tuple[tuple[Monomial, int], ...]) -> None:
        self.terms = terms
        self.order: tuple[Any, ...] = tuple((*_monomial_order(monomial), factor) for monomial, factor in terms)
        self._hash = hash(terms)
        self.depth = max((atom.depth for monomial, _ in terms for atom in monomial), default=0)
        self.weight = len(terms) + sum(atom.weight for monomial, _ in terms for atom in monomial)

    @staticmethod
    def collect(terms: Iterable[tuple[Monomial, int]]) -> Polynomial:
        """The sum of `terms`, in which a monomial may come several times."""
        total: dict[Monomial, int] = {}
        for monomial, factor in terms:
            total[monomial] = total.get(monomial, 0) + factor
        kept = [(monomial, factor) for monomial, factor in total.items() if factor]
        if len(kept) > MAX_TERMS:
            raise DimTooComplex(f"a dim has more than {MAX_TERMS} terms")
        kept.sort(key=lambda term: _monomial_order(term[0]))
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
        return self._hash

    def __add__(self, other: Polynomial) -> Polynomial:
        return Polynomial.collect((*self.terms, *other.terms))

    def __neg__(self) -> Polynomial:
        return self.scale(-1)

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.scale(-1)

    def __mul__(self, other: Polynomial) -> Polynomial:
        return Polynomial.collect(
            (multiply_monomials(left, right), factor * by)
            for left, factor in self.terms
            for right, by in other.terms
        )

    def scale(self, factor: int, monomial: Monomial = ()) -> Polynomial:
        return Polynomial.collect((multiply_monomials(term, monomial), by * factor) for term, by in self.terms)

    def atoms(self) -> frozenset[Atom]:
        return frozenset(atom for monomial, _ in self.terms for atom in monomial)

    def symbols(self) -> frozenset[str]:
        return frozenset().union(*(atom.symbols() for atom in self.atoms()))

    def evaluate(self, values: Mapping[str, int]) -> int:
        total = 0
        for monomial, factor in self.terms:
            for atom in monomial:
                factor *= atom.evaluate(values)
            total += factor
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
        (rest, by // factor)
        for term, by in polynomial.terms
        if (rest := divide_monomials(term, monomial)) is not None
    )
