"""Owns "did you mean": the candidates nearest to a misspelt name by edit distance. Knows nothing of
what the names stand for."""

from __future__ import annotations

from collections.abc import Iterable

MOST = 4
_LONGEST = 60
_SHORTEST_PREFIX = 4


def suggest(name: str, candidates: Iterable[str]) -> list[str]:
    """At most four candidates near `name`, the nearest first, equally near ones by name. Capitals and underscores do
    not count; where nothing is near, what `name` shortens or is a word of is."""
    if len(name) > _LONGEST:
        return []
    allowed = _allowed(len(name))
    folded = _fold(name)
    others = {candidate: _fold(candidate) for candidate in candidates if candidate != name}
    near = sorted((distance(folded, other, allowed), candidate) for candidate, other in others.items())
    if near and near[0][0] == 0:
        allowed = 0
    found = [candidate for edits, candidate in near if edits <= allowed]
    if not found and len(folded) >= _SHORTEST_PREFIX:
        longer = (name for name, other in others.items() if other.startswith(folded) or folded in name.split("_"))
        found = sorted(longer, key=lambda candidate: (len(candidate), candidate))
    return found[:MOST]


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The help that names what is near, or None: ``did you mean `model`?``"""
    near = [f"`{candidate}`" for candidate in suggest(name, candidates)]
    if not near:
        return None
    *others, last = near
    return f"did you mean {', '.join(others) + ' or ' if others else ''}{last}?"


def distance(one: str, other: str, allowed: int) -> int:
    """Edits from `one` to `other`: insertions, deletions, substitutions and swaps of neighbours (optimal
    string alignment). Anything above `allowed` is only said to be above it."""
    if abs(len(one) - len(other)) > allowed:
        return allowed + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for row, letter in enumerate(one):
        line = [row + 1]
        for column, against in enumerate(other):
            edits = min(above[column] + (letter != against), above[column + 1] + 1, line[column] + 1)
            if row and column and letter == other[column - 1] and one[row - 1] == against:
                edits = min(edits, before[column - 1] + 1)
            line.append(edits)
        if min(line) > allowed:
            return allowed + 1
        before, above = above, line
    return above[-1]


def _allowed(length: int) -> int:
    """Edits that a slip makes in a name so long: none in one letter, one in up to five, two in up to nine."""
    return 0 if length == 1 else 1 if length <= 5 else 1 + length // 5


def _fold(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
