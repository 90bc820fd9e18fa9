"""Owns what the commands know of the terminal: whether to color, and progress that a pipe never sees."""

from __future__ import annotations

import os
import shutil
from typing import TextIO


def use_color(stream: TextIO) -> bool:
    """Whether to color: on a terminal, unless NO_COLOR is set (no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: TextIO) -> int | None:
    """The columns of the terminal; None where lines are not to be cut."""
    return shutil.get_terminal_size().columns if stream.isatty() else None
