"""Owns the Python names of emitted code: no two things in reach of each other share one, and none is a word of
Python's, a builtin, or a module that the code imports. A name that is taken gets an underscore behind it. Knows no
flow."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable, Set
from itertools import count

from netwright.backends.keras.written import SOURCES

#: what emitted modules import or define for themselves
IMPORTED = frozenset("keras layers ops math sys argparse csv pathlib np".split())
DEFINED = frozenset({"build_model", "main", *SOURCES})
#: what a training script defines
SCRIPT = frozenset("read_examples column given fitted split taken compile_model callbacks".split()) | frozenset(
    "DATA DELIMITER COLUMNS IMAGE_SIZE COLOR_MODE".split()
)
#: E741: easily mistaken for digits
AMBIGUOUS = frozenset("lIO")
RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | IMPORTED | DEFINED | SCRIPT | AMBIGUOUS


class Names:
    """The names in use in one scope. Those of an enclosing scope count too."""

    def __init__(self, outer: Names | None = None) -> None:
        self._outer = outer
        self._taken: set[str] = set()

    def is_free(self, name: str) -> bool:
        """Whether the name may be given here."""
        if name in RESERVED or name in self._taken:
            return False
        return self._outer is None or self._outer.is_free(name)

    def has(self, name: str) -> bool:
        """Whether the name was given here, and in no enclosing scope."""
        return name in self._taken

    def claim(self, wanted: str, but: Set[str] = frozenset()) -> str:
        """The wanted name, with underscores behind it until it is free and none of `but`; now taken."""
        name = wanted
        while name in but or not self.is_free(name):
            name += "_"
        self._taken.add(name)
        return name

    def claim_first(self, wanted: Iterable[str]) -> str:
        """The first of the names that is free, or the last one with a number behind it; now taken."""
        last = "x"
        for last in wanted:
            if self.is_free(last):
                return self.claim(last)
        return self.claim(next(name for number in count(1) if self.is_free(name := f"{last}_{number}")))

    def release(self, name: str) -> None:
        """The name may be given again."""
        self._taken.discard(name)
