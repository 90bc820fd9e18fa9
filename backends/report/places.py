"""Owns finding the row of a summary that stands for a place of the model: 'stage[2]/dense' is in the row
'stage[0..3]/dense'."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: a component of a row's path: 'dense', 'dense[1]', 'dense[0..3]'
_COMPONENT = re.compile(r"(.*?)(?:\[(\d+)(?:\.\.(\d+))?\])?")


class Places:
    """The rows by the paths of summaries."""

    def __init__(self, rows: Iterable[str]) -> None:
        self._below: dict[str, list[str]] = {}
        for row in rows:
            self._below.setdefault(row.rpartition("/")[0], []).append(row)

    def around(self, path: str) -> tuple[str, ...]:
        """The row that stands for a path and those it is in, the outermost first; none for a path of no row."""
        found: list[str] = []
        for component in path.split("/"):
            below = self._below.get(found[-1] if found else "", [])
            row = next((row for row in below if _holds(row.rpartition("/")[2], component)), None)
            if row is None:
                return ()
            found.append(row)
        return tuple(found)


def _holds(rows: str, component: str) -> bool:
    """Whether 'dense[0..3]' stands for 'dense[2]'."""
    name, first, last = _parts(rows)
    own, index, _ = _parts(component)
    return name == own and first <= index <= last


def _parts(component: str) -> tuple[str, int, int]:
    matched = _COMPONENT.fullmatch(component)
    name, first, last = matched.groups() if matched else (component, None, None)
    return name, int(first or -1), int(last or first or -1)
