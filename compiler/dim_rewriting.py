"""Owns polynomials with something else in the place of their atoms, in normal form again."""

from __future__ import annotations

from netwright.compiler.dim_atoms import Atom, Extremum, FloorDivision, Symbol
from netwright.compiler.dim_division import floor_divide
from netwright.compiler.dim_extrema import extremum
from netwright.compiler.dim_polynomial import Polynomial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def rebuilt(
    polynomial: Polynomial,
    symbol: Callable[[Symbol], Polynomial],
    division: Callable[[FloorDivision], Polynomial] = Polynomial.of_atom,
) -> Polynomial:
    """The polynomial from the atoms up: `symbol` gives what takes a symbol's place, `division` that of a division in
    normal form."""
    images = {atom: _rebuilt_atom(atom, symbol, division) for atom in polynomial.atoms()}
    return _with_images(polynomial, images)


def _with_images(polynomial: Polynomial, images: Mapping[Atom, Polynomial]) -> Polynomial:
    total = Polynomial(())
    for monomial, factor in polynomial.terms:
        product = Polynomial.constant(factor)
        for atom in monomial:
            product = product * images[atom]
        total = total + product
    return total


def _rebuilt_atom(
    atom: Atom, symbol: Callable[[Symbol], Polynomial], division: Callable[[FloorDivision], Polynomial]
) -> Polynomial:
    if isinstance(atom, FloorDivision):
        numerator, denominator = (rebuilt(part, symbol, division) for part in (atom.numerator, atom.denominator))
        quotient = floor_divide(numerator, denominator)
        images = {
            part: division(part) if isinstance(part, FloorDivision) else Polynomial.of_atom(part)
            for part in quotient.atoms()
        }
        return _with_images(quotient, images)
    if isinstance(atom, Extremum):
        return extremum(type(atom), [rebuilt(part, symbol, division) for part in atom.parts])
    assert isinstance(atom, Symbol)
    return symbol(atom)
