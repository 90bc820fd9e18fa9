"""Owns the folder of a training run: whose it is, and writing into it. Knows nothing of training."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from netwright.backends.xla.training.surroundings import FolderFault
from netwright.output import TEMPORARY, OutputError, reason, replacing, write_text
from netwright.version import __version__

#: the file by which a run's folder is known
MARK_FILE = "run.json"
_MARK = "netwright train"


class RunFolder:
    """A folder that a run of `spec` writes into."""

    def __init__(self, path: Path, spec: str) -> None:
        self.path = path
        self._spec = spec

    @property
    def is_ours(self) -> bool:
        """Whether a run of Netwright wrote it."""
        with suppress(OSError, ValueError):
            return bool(json.loads((self.path / MARK_FILE).read_text(encoding="utf-8")).get("written_by") == _MARK)
        return False

    def check(self, *, force: bool = False) -> None:
        """Raise OutputError if something stands there that no run of Netwright wrote, or it cannot be looked at."""
        try:
            self._refuse(force)
        except OSError as error:
            raise OutputError(self.path, reason(error, self.path)) from error

    def _refuse(self, force: bool) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise OutputError(self.path, "it is a file, a run needs a folder")
        if not force and self.path.is_dir() and any(self.path.iterdir()) and not self.is_ours:
            raise OutputError(self.path, "the folder holds files and is no run of Netwright; --force writes into it")

    def begin(self, outdated: Sequence[str] = ()) -> None:
        """Make it a run's folder; `outdated` are the files of an earlier run that this one must not leave. What a
        process that was killed was writing goes, too."""
        with self._told(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            halves = list(self.path.rglob(f"{TEMPORARY}*")) if self.is_ours else []
            for file in (*(self.path / name for name in outdated), *halves):
                file.unlink(missing_ok=True)
        about = {"written_by": _MARK, "version": __version__, "spec": self._spec}
        self.write_text(MARK_FILE, json.dumps(about, indent=1) + "\n")

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """A temporary file that becomes the file `name` when the block ends well."""
        with self._told(self.path / name), replacing(self.path / name, force=True) as temporary:
            yield temporary

    def write_text(self, name: str, text: str) -> None:
        """Write a text file, whole or not at all."""
        with self._told(self.path / name):
            write_text(self.path / name, text, force=True)

    def append(self, name: str, text: str) -> None:
        """Add to the end of a text file."""
        with self._told(self.path / name), (self.path / name).open("a", encoding="utf-8") as file:
            file.write(text)

    @contextmanager
    def _told(self, path: Path) -> Iterator[None]:
        """What cannot be written is a FolderFault."""
        try:
            yield
        except OutputError as error:
            raise FolderFault(str(error)) from error
        except OSError as error:
            raise FolderFault(str(OutputError(path, reason(error, path)))) from error
