"""Owns symbolic dims: integers and `SymbolicDim`, an expression over named sizes >= 1 in normal form. Equal normal
forms are equal functions; `equal`, `less_equal` and their kin answer None for what cannot be decided. Knows no text
but its own (flow parses) and nothing of tensors."""

from __future__ import annotations

from operator import index

from netwright.compiler.dim_atoms import (
    MAX_DEGREE,
    DimTooComplex,
    Extremum,
    Maximum,
    Minimum,
    Symbol,
)
from netwright.compiler.dim_bounds import lower_bound, upper_bound
from netwright.compiler.dim_division import floor_divide, one_of_mirrors
from netwright.compiler.dim_extrema import extremum
from netwright.compiler.dim_polynomial import ONE, Polynomial
from netwright.compiler.dim_printing import polynomial_text
from netwright.compiler.dim_rewriting import rebuilt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import NoReturn

__all__ = [
    "Dim",
    "DimTooComplex",
    "InexactDivision",
    "SymbolicDim",
    "ceil_div",
    "dim_max",
    "dim_min",
    "equal",
    "evaluate",
    "less_equal",
    "less_than",
    "positive",
    "substitute",
    "symbol",
    "symbols_of",
]


class InexactDivision(ArithmeticError):
    """`a / b` of dims where b does not divide a for all sizes."""


class SymbolicDim:
    """A size that depends on symbols; immutable. `==` compares normal forms, the order is not defined
    (ask `less_equal`). Operators return an int where the result is constant; they raise ZeroDivisionError,
    InexactDivision and DimTooComplex, and TypeError for a float."""

    __slots__ = ("_polynomial",)
    _polynomial: Polynomial

    def __init__(self, polynomial: Polynomial) -> None:
        object.__setattr__(self, "_polynomial", polynomial)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a SymbolicDim cannot be changed")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[SymbolicDim], tuple[Polynomial]]:
        return SymbolicDim, (self._polynomial,)

    def __add__(self, other: Dim) -> Dim:
        return _dim(self._polynomial + _polynomial(other))

    def __sub__(self, other: Dim) -> Dim:
        return _dim(self._polynomial - _polynomial(other))

    def __rsub__(self, other: Dim) -> Dim:
        return _dim(_polynomial(other) - self._polynomial)

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, SymbolicDim):
            return _dim(self._polynomial * other._polynomial)
        return _dim(self._polynomial.scale(index(other)))

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Dim:
        return _dim(-self._polynomial)

    def __pos__(self) -> Dim:
        return self

    def __pow__(self, exponent: int) -> Dim:
        if exponent < 0:
            raise InexactDivision(f"({self})**{exponent} is not an integer")
        if exponent > MAX_DEGREE:
            raise DimTooComplex(f"({self})**{exponent} is of higher degree than {MAX_DEGREE}")
        power = ONE
        for _ in range(exponent):
            power = power * self._polynomial
        return _dim(power)

    def __floordiv__(self, other: Dim) -> Dim:
        return _floor_divide(self, other)

    def __rfloordiv__(self, other: Dim) -> Dim:
        return _floor_divide(other, self)

    def __mod__(self, other: Dim) -> Dim:
        return self - other * _floor_divide(self, other)

    def __rmod__(self, other: Dim) -> Dim:
        return other - self * _floor_divide(other, self)

    def __truediv__(self, other: Dim) -> Dim:
        return _divide_exactly(self, other)

    def __rtruediv__(self, other: Dim) -> Dim:
        return _divide_exactly(other, self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SymbolicDim) and self._polynomial == other._polynomial

    def __hash__(self) -> int:
        return hash(self._polynomial)

    def __bool__(self) -> NoReturn:
        raise TypeError(f"the truth of the symbolic dim {self} is not decided; ask `equal` or `positive`")

    def __str__(self) -> str:
        return polynomial_text(self._polynomial)

    def __repr__(self) -> str:
        return f"<dim {self}>"


Dim = int | SymbolicDim


def _polynomial(dim: Dim) -> Polynomial:
    return dim._polynomial if isinstance(dim, SymbolicDim) else Polynomial.constant(index(dim))


def _dim(polynomial: Polynomial) -> Dim:
    value = polynomial.value
    return SymbolicDim(polynomial) if value is None else value


def _floor_divide(numerator: Dim, denominator: Dim) -> Dim:
    return _dim(floor_divide(_polynomial(numerator), _polynomial(denominator)))


def _divide_exactly(numerator: Dim, denominator: Dim) -> Dim:
    quotient = _floor_divide(numerator, denominator)
    if quotient * denominator != numerator:
        raise InexactDivision(f"{numerator} is not divisible by {denominator} for every size")
    return quotient


def symbol(name: str) -> SymbolicDim:
    """The size called `name`, an unknown integer >= 1."""
    return SymbolicDim(Polynomial.of_atom(Symbol(name)))


def dim_max(*dims: Dim) -> Dim:
    """The largest of at least one dim."""
    return _extremum(Maximum, dims)


def dim_min(*dims: Dim) -> Dim:
    """The smallest of at least one dim."""
    return _extremum(Minimum, dims)


def _extremum(kind: type[Extremum], dims: tuple[Dim, ...]) -> Dim:
    return _dim(extremum(kind, [_polynomial(dim) for dim in dims]))


def ceil_div(numerator: Dim, denominator: Dim) -> Dim:
    """The least integer >= numerator / denominator."""
    if less_equal(0, denominator):
        return (numerator + denominator - 1) // denominator
    return -(-numerator // denominator)


def equal(left: Dim, right: Dim) -> bool | None:
    """Whether the two are equal for all sizes (True), for none (False), or it depends or is not seen (None)."""
    difference = _polynomial(left) - _polynomial(right)
    found = _is_zero(difference)
    return _is_zero(_without_mirrors(difference)) if found is None else found


def _is_zero(difference: Polynomial) -> bool | None:
    if difference.value is not None:
        return difference.value == 0
    low, high = lower_bound(difference), upper_bound(difference)
    if low == high == 0:
        return True
    if (low is not None and low > 0) or (high is not None and high < 0) or difference.never_zero:
        return False
    return None


def less_equal(left: Dim, right: Dim) -> bool | None:
    """Whether left <= right for all sizes (True), for none (False), or it depends or is not seen (None)."""
    difference = _polynomial(right) - _polynomial(left)
    low = lower_bound(difference)
    if low is not None and low >= 0:
        return True
    high = upper_bound(difference)
    return False if high is not None and high < 0 else None


def less_than(left: Dim, right: Dim) -> bool | None:
    """Whether left < right for all sizes (True), for none (False), or it depends or is not seen (None)."""
    return less_equal(left + 1, right)


def positive(dim: Dim) -> bool | None:
    """Whether dim >= 1 for all sizes (True), for none (False), or it depends or is not seen (None)."""
    return less_equal(1, dim)


def symbols_of(dim: Dim) -> frozenset[str]:
    return _polynomial(dim).symbols()


def evaluate(dim: Dim, values: Mapping[str, int]) -> int:
    """The size for given symbols. Raises KeyError for a symbol without value, ZeroDivisionError."""
    return _polynomial(dim).evaluate(values)


def substitute(dim: Dim, mapping: Mapping[str, Dim]) -> Dim:
    """`dim` with dims in the place of symbols, all at once; symbols that `mapping` does not name stay."""
    if isinstance(dim, int):
        return dim
    return _dim(_substitute(dim._polynomial, mapping))


def _substitute(polynomial: Polynomial, mapping: Mapping[str, Dim]) -> Polynomial:
    def replaced(atom: Symbol) -> Polynomial:
        return _polynomial(mapping[atom.name]) if atom.name in mapping else Polynomial.of_atom(atom)

    return rebuilt(polynomial, replaced)


def _without_mirrors(polynomial: Polynomial) -> Polynomial:
    """The same with divisions by halves that mirror each other written in one way."""
    return rebuilt(polynomial, Polynomial.of_atom, one_of_mirrors)
