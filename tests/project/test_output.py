"""Files are written whole or not at all, and nobody else's file is lost."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from netwright import output
from netwright.output import ForeignFileError, OutputError, replacing, write_bytes, write_text

MARK = "# Written by Netwright"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_is_written_to_the_byte(tmp_path: Path) -> None:
    write_text(tmp_path / "a.py", "é\r\n\n")
    write_bytes(tmp_path / "b", b"\x00\xff")
    assert (tmp_path / "a.py").read_bytes() == b"\xc3\xa9\r\n\n"
    assert (tmp_path / "b").read_bytes() == b"\x00\xff"
    assert names(tmp_path) == ["a.py", "b"]


def test_our_own_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(f"#!/usr/bin/env python\n{MARK}\nold")
    write_text(path, "new", mark=MARK)
    assert path.read_text() == "new"


@pytest.mark.parametrize(("old", "mark"), [("mine", MARK), ("", MARK), ("x" * 5000 + MARK, MARK), (MARK, None)])
def test_a_foreign_file_is_kept_without_force(tmp_path: Path, old: str, mark: str | None) -> None:
    path = tmp_path / "a.py"
    path.write_text(old)
    with pytest.raises(ForeignFileError, match=r"a\.py.*--force"):
        write_text(path, "new", mark=mark)
    assert path.read_text() == old
    write_text(path, "new", mark=mark, force=True)
    assert path.read_text() == "new"


def test_a_failure_while_writing_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text(MARK)

    def fail() -> None:
        with replacing(path, mark=MARK) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == MARK
    assert names(tmp_path) == ["a.py"]


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "disk is full"), (errno.EIO, "Input/output error")])
def test_a_full_disk_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    path = tmp_path / "a.py"
    path.write_text(MARK)

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(output.os, "fsync", full)
    with pytest.raises(OutputError, match=words):
        write_text(path, "new", mark=MARK)
    assert path.read_text() == MARK
    assert names(tmp_path) == ["a.py"]


def test_a_really_full_device_is_said() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(OutputError, match="disk is full"):
        write_text("/dev/full", "x")


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_in_its_place_is_never_replaced(tmp_path: Path, force: bool) -> None:
    with pytest.raises(OutputError, match="it is a folder"):
        write_text(tmp_path, "x", force=force)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("absent/a.py", "folder .*absent does not exist"),
        ("file/a.py", "not a folder"),
        ("n" * 300, "name is too long"),
        ("circle", "in a circle"),
    ],
)
def test_an_impossible_path_is_explained(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputError, match=words):
        write_text(tmp_path / name, "x", force=True)
    assert names(tmp_path) == ["circle", "file"]


def test_no_permission_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imitated, because root may write everywhere."""

    def forbid(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(output.os, "open", forbid)
    with pytest.raises(OutputError, match="no permission to write in the folder"):
        write_text(tmp_path / "a.py", "x")


def test_a_write_protected_file_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_text("old")
    monkeypatch.setattr(output.os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="write-protected"):
        write_text(path, "new", force=True)
    assert path.read_text() == "old"


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays_and_its_file_is_written(tmp_path: Path, exists: bool) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "real.py", tmp_path / "link.py"
    link.symlink_to("there/real.py")
    if exists:
        target.write_text(MARK)
    write_text(link, "new", mark=MARK)
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(pipe, "through")
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_new_file_follows_the_umask_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    old.touch(mode=0o755)
    old.chmod(0o755)
    before = os.umask(0o027)
    try:
        write_text(new, "x")
        write_text(old, "x", force=True)
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    assert stat.S_IMODE(old.stat().st_mode) == 0o755


def test_the_temporary_file_has_the_suffixes_of_the_file(tmp_path: Path) -> None:
    """Keras refuses to save weights under any name that does not end with .weights.h5."""
    with replacing(tmp_path / "model.weights.h5") as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name.endswith(".weights.h5")
        temporary.write_text("x")
    assert names(tmp_path) == ["model.weights.h5"]
