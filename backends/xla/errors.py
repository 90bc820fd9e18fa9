"""Owns the error of direct execution: something outside the spec (an array, a file, an engine, a device) does not
fit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

#: how the frameworks say that memory is used up
_OUT_OF_MEMORY = re.compile(r"(out of memory|OOM when|RESOURCE_EXHAUSTED)[^\n]*", re.IGNORECASE)


class ExecutionError(Exception):
    """A program cannot be run as asked. The message says what was found and what was expected; `help` how to mend
    it."""

    def __init__(self, message: str, *, help: str | None = None) -> None:
        self.message = message
        self.help = help
        super().__init__(message if help is None else f"{message}\n  help: {help}")


@contextmanager
def memory_faults() -> Iterator[None]:
    """What is raised in the block where memory is used up becomes an ExecutionError: each framework has classes of its
    own for it, and none for it alone."""
    try:
        yield
    except ExecutionError:
        raise
    except Exception as error:
        said = _OUT_OF_MEMORY.search(str(error))
        if said is None and not isinstance(error, MemoryError):
            raise
        help = "a smaller batch, or a smaller model; what was saved before is whole"
        reason = said[0] if said else "the host has none left"
        raise ExecutionError(f"there is not enough memory: {reason}", help=help) from error
