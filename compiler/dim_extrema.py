"""Owns the normal form of `max` and `min` of dims: no constant beside another, nothing dominated, no nesting."""

from __future__ import annotations

from netwright.compiler.dim_atoms import Extremum, Maximum
from netwright.compiler.dim_bounds import bound_extremum, lower_bound
from netwright.compiler.dim_polynomial import Polynomial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def extremum(kind: type[Extremum], parts: Iterable[Polynomial]) -> Polynomial:
    """max or min of `parts` (at least one)."""
    flat = {inner for part in parts for inner in _flat(kind, part)}
    kept = _undominated(kind, sorted(flat, key=lambda one: one.order))
    if len(kept) == 1:
        return kept[0]
    atom = kind(tuple(kept))
    bound_extremum(atom)
    if atom.low is not None and atom.low == atom.high:
        return Polynomial.constant(atom.low)
    return Polynomial.of_atom(atom)


def _flat(kind: type[Extremum], part: Polynomial) -> tuple[Polynomial, ...]:
    if len(part.terms) == 1 and part.terms[0][1] == 1 and len(part.terms[0][0]) == 1:
        atom = part.terms[0][0][0]
        if isinstance(atom, Extremum) and type(atom) is kind:
            return atom.parts
    return (part,)


def _undominated(kind: type[Extremum], parts: list[Polynomial]) -> list[Polynomial]:
    """Drop each part that another one, still kept, is never worse than."""
    kept = list(parts)
    for part in parts:
        if any(other is not part and _covers(kind, other, part) for other in kept):
            kept.remove(part)
    return kept


def _covers(kind: type[Extremum], other: Polynomial, part: Polynomial) -> bool:
    low = lower_bound(other - part if kind is Maximum else part - other)
    return low is not None and low >= 0
