"""Owns what shape rules take for granted where symbolic sizes prove nothing: a rule notes what it supposes, and whoever
applied the operator tells the user. Knows no operator."""

from __future__ import annotations

from netwright.compiler.dims import Dim

_noted: list[str] = []


def suppose_equal(left: Dim, right: Dim) -> None:
    """It cannot be decided whether two sizes are equal; they are taken to be."""
    _noted.append(f"{left} equals {right}")


def suppose_broadcast(left: Dim, right: Dim) -> None:
    """It cannot be decided whether two sizes broadcast; they are taken to."""
    _noted.append(f"{left} equals {right}, or one of them is 1")


def suppose_multiple(size: Dim, factor: Dim) -> None:
    """It cannot be decided whether a size is a multiple of another; it is taken to be."""
    _noted.append(f"{size} is a multiple of {factor}")


def suppositions() -> tuple[str, ...]:
    """What was noted since the last call, as clauses: 'A equals B'."""
    found = tuple(dict.fromkeys(_noted))
    _noted.clear()
    return found
