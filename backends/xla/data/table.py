"""Owns what a reader of data gives: named arrays, and the fault of data that cannot be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class DataFault(Exception):
    """The data cannot be used. The message says what was found and what was expected; `help` how to mend it."""

    def __init__(self, message: str, help: str | None = None) -> None:
        self.message = message
        self.help = help
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Table:
    """Arrays by name, examples along the first axis. `inputs` and `targets` name those whose part is known: an image
    and its label; a file of columns leaves that to the spec."""

    arrays: dict[str, Array]
    inputs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


def shape_text(array: Array) -> str:
    """`float64[150, 4]`."""
    return f"{array.dtype}[{', '.join(map(str, array.shape))}]"
