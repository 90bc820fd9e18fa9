"""Owns how Netwright writes: files whole or not at all, and never over a file that it did not write itself unless
told to; standard output at once. Knows nothing of what is written.

A symbolic link is followed: the file it leads to is replaced and the link stays. What is not a regular file
(`/dev/stdout`, a pipe) is written directly. A new file gets the mode that the umask says, an old one keeps its own.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK_WITHIN = 4096
"""A file's mark stands in its first bytes, so many at most."""

TEMPORARY = ".netwright-"
"""How the names of temporary files begin."""

_REASONS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file is larger than may be written here",
    errno.EROFS: "the file system is read-only",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ELOOP: "the symbolic links lead in a circle",
    errno.ENOTDIR: "a part of its path is not a folder",
}


class OutputError(Exception):
    """A file could not be written; the message says which and why. What stood there before is unchanged."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"cannot write {path}: {reason}")


class ForeignFileError(OutputError):
    """A file stands there that Netwright did not write."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "it exists and Netwright did not write it; --force replaces it")


def print_text(text: str) -> None:
    """Print `text` on standard output, now, so that a full disk is found here and not when Python ends. Raises
    OutputError, or BrokenPipeError where the reader has gone."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python would try the rest again at its end
        if isinstance(error, BrokenPipeError):
            raise
        raise OutputError("standard output", _REASONS.get(error.errno or 0, str(error))) from error


def write_text(path: str | Path, text: str, *, mark: str | None = None, force: bool = False) -> None:
    """Write `text` as UTF-8 with the line ends it has; see `replacing` for `mark` and `force`."""
    write_bytes(path, text.encode("utf-8"), mark=mark, force=force)


def write_bytes(path: str | Path, data: bytes, *, mark: str | None = None, force: bool = False) -> None:
    """Write `data`; see `replacing` for `mark` and `force`."""
    with replacing(path, mark=mark, force=force) as temporary:
        temporary.write_bytes(data)


@contextmanager
def replacing(path: str | Path, *, mark: str | None = None, force: bool = False) -> Iterator[Path]:
    """A temporary file to write in place of `path`, with the same suffixes; it becomes `path` when the block ends well.

    An existing file is replaced only if `mark` stands in its first bytes, or with `force`; without a `mark`, only
    with `force`. Raises OutputError, or ForeignFileError for the file of somebody else.
    """
    shown = Path(path)
    try:
        found = _stat(shown)
        if found and not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
            yield shown
            return
        target = Path(os.path.realpath(shown))
        if found:
            _refuse(shown, target, found, mark, force)
        with _temporary_beside(target, found) as temporary:
            yield temporary
            _sync(temporary)
            os.replace(temporary, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise OutputError(shown, reason(error, shown)) from error


def _stat(path: Path) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _refuse(shown: Path, target: Path, found: os.stat_result, mark: str | None, force: bool) -> None:
    """Raise if what stands at `target` may not be replaced."""
    if stat.S_ISDIR(found.st_mode):
        raise OutputError(shown, "it is a folder")
    if not os.access(target, os.W_OK):
        raise OutputError(shown, "it is write-protected")
    if not force and (mark is None or not _is_marked(target, mark)):
        raise ForeignFileError(shown)


def _is_marked(path: Path, mark: str) -> bool:
    with path.open("rb") as file:
        return mark.encode("utf-8") in file.read(MARK_WITHIN)


@contextmanager
def _temporary_beside(target: Path, found: os.stat_result | None) -> Iterator[Path]:
    """An empty new file in the target's folder, with the mode the target is to have; gone afterwards if still there."""
    temporary = target.with_name(f"{TEMPORARY}{os.urandom(8).hex()}{''.join(target.suffixes)[-40:]}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        if found:
            os.chmod(temporary, stat.S_IMODE(found.st_mode))
        yield temporary
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name last. Some systems cannot open or sync a folder, and the file is written all the same."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def reason(error: OSError, path: Path) -> str:
    """Why writing `path` failed, in words."""
    if isinstance(error, FileNotFoundError):
        return f"the folder {path.parent} does not exist"
    if isinstance(error, PermissionError):
        return f"no permission to write in the folder {path.parent}"
    return _REASONS.get(error.errno or 0, error.strerror or str(error))
