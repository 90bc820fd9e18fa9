"""Owns the error of direct execution: something outside the spec (an array, a file, an engine, a device) does not
fit."""

from __future__ import annotations


class ExecutionError(Exception):
    """A program cannot be run as asked. The message says what was found and what was expected; `help` how to mend
    it."""

    def __init__(self, message: str, *, help: str | None = None) -> None:
        self.message = message
        self.help = help
        super().__init__(message if help is None else f"{message}\n  help: {help}")
