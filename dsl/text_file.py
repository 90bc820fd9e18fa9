"""Owns getting text from disk: what may be read, how large, in which encoding. Gives a Source or says why
not. Knows nothing of YAML but which characters it forbids."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.source import Source, Span

MAX_BYTES = 4 * 1024 * 1024
_BOM = "\ufeff"
# U+0085, U+2028, U+2029 and a lone carriage return end a line in YAML 1.1 and not in editors: places would be wrong.
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]|\r(?!\n)")
_REASONS = {
    errno.ENOENT: "there is no such file",
    errno.ENOTDIR: "there is no such file",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.ENAMETOOLONG: "the name is too long for a file; to compile a text, see `read_spec_text`",
    errno.ELOOP: "its links lead round in a circle",
}


def read_source(path: Path | str) -> Source:
    """The text of the file. Raises SpecError: unreadable-file, file-too-large, bad-encoding."""
    try:
        _refuse_unreadable(path, os.stat(path))
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, _reason(error)) from None
    if len(data) > MAX_BYTES:
        raise _too_large(str(path), "more than")
    return _decode(data, str(path), Path(path))


def text_source(text: str, name: str) -> Source:
    """A Source of a text that is at hand. Raises SpecError: file-too-large, bad-encoding."""
    if len(text) > MAX_BYTES:
        raise _too_large(name, "more than")
    return _checked(Source(name, text.removeprefix(_BOM)))


def _refuse_unreadable(path: Path | str, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise _unreadable(path, "it is a folder")
    if not stat.S_ISREG(status.st_mode):
        raise _unreadable(path, "it is not a regular file but a pipe, socket or device")
    if status.st_size > MAX_BYTES:
        raise _too_large(str(path), f"{status.st_size / 2**20:.1f} MiB, more than")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return _REASONS.get(error.errno) or os.strerror(error.errno).lower()
    return "this is not a path"


def _unreadable(path: Path | str, reason: str) -> SpecError:
    return SpecError([Diagnostic("unreadable-file", f"cannot read `{path}`: {reason}", None)])


def _too_large(name: str, size: str) -> SpecError:
    message = f"`{name}` is {size} the {MAX_BYTES // 2**20} MiB that a spec may have"
    help = "is this a spec? weights and data stand in files of their own"
    return SpecError([Diagnostic("file-too-large", message, None, help=help)])


def _decode(data: bytes, name: str, path: Path) -> Source:
    try:
        return _checked(Source(name, data.decode("utf-8").removeprefix(_BOM), path))
    except UnicodeDecodeError as error:
        source = Source(name, data.decode("utf-8", "replace").removeprefix(_BOM), path)
        at = len(data[: error.start].decode("utf-8").removeprefix(_BOM))
        found = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        encoding = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "another encoding"
        raise _bad_encoding(source, at, found, f"the file is in {encoding}: save it as UTF-8") from None


def _checked(source: Source) -> Source:
    bad = _FORBIDDEN.search(source.text)
    if bad:
        lone = "a carriage return without a line feed"
        found = lone if bad[0] == "\r" else f"the character U+{ord(bad[0]):04X} is not allowed in a spec"
        raise _bad_encoding(source, bad.start(), found, "delete it; in a double-quoted text an escape can stand for it")
    return source


def _bad_encoding(source: Source, at: int, message: str, help: str) -> SpecError:
    return SpecError([Diagnostic("bad-encoding", message, Span(source, at, at + 1), help=help)])
