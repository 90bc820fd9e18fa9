"""Owns what a training run needs of its surroundings: a folder for its files and somebody to tell how it goes. The
command line implements both; nothing here writes to a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol


class FolderFault(Exception):
    """A file of the run could not be written; the message says which and why. What stood there before is unchanged."""


class Folder(Protocol):
    """The folder of a run. What writes raises FolderFault."""

    path: Path

    def begin(self, outdated: Sequence[str]) -> None:
        """Make it a run's folder; `outdated` are the files of an earlier run that this one must not leave."""

    def replacing(self, name: str) -> AbstractContextManager[Path]:
        """A temporary file that becomes the file `name` when the block ends well."""

    def append(self, name: str, text: str) -> None:
        """Add to the end of a text file."""

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""


class Progress(Protocol):
    """Somebody to tell how the run goes."""

    def begin(self, epochs: int, steps: int, done: int) -> None:
        """A run of so many epochs of so many steps begins, `done` steps of all being done already."""

    def wants_figures(self) -> bool:
        """Whether it is time to ask the device for figures within an epoch, which costs waiting for it."""

    def step(self, epoch: int, step: int, figures: Mapping[str, Any] | None) -> None:
        """The steps of an epoch (from 1) up to this one (from 1) were handed to the device."""

    def epoch(self, epoch: int, figures: Mapping[str, Any]) -> None:
        """An epoch is over."""


class NoProgress:
    """Nobody to tell."""

    def begin(self, epochs: int, steps: int, done: int) -> None:
        pass

    def wants_figures(self) -> bool:
        return False

    def step(self, epoch: int, step: int, figures: Mapping[str, Any] | None) -> None:
        pass

    def epoch(self, epoch: int, figures: Mapping[str, Any]) -> None:
        pass
