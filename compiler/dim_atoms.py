"""Owns what dims are made of: atoms (a symbol, a floor division, a maximum, a minimum) and monomials, products of
atoms; and the limits of what the compiler computes with. Must not know how polynomials add, divide or print."""

from __future__ import annotations

TYPE_CHECKING = False  # importing `typing` would cost more than this module
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from netwright.compiler.dim_polynomial import Polynomial

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
    depth: int
    weight: int

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


def monomial_order(monomial: Monomial) -> tuple[Any, ...]:
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
