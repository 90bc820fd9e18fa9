"""The folder of a training run: what cannot be written is said, and not a traceback."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from netwright.backends.xla.training.surroundings import FolderFault
from netwright.output import OutputError
from netwright.run_folder import RunFolder

#: what a run does in its folder
DOES: dict[str, Callable[[RunFolder], object]] = {
    "begin": RunFolder.begin,
    "append": lambda folder: folder.append("log.jsonl", "{}"),
    "write": lambda folder: folder.write_text("metrics.json", "{}"),
}


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that this user may not look into: root is somebody else meanwhile."""
    (tmp_path / "locked").mkdir(mode=0)
    was = os.geteuid()
    if was == 0:
        os.seteuid(65534)
    yield tmp_path / "locked"
    os.seteuid(was)


@pytest.mark.parametrize("action", DOES)
def test_a_folder_that_may_not_be_written(action: str, locked: Path) -> None:
    with pytest.raises(FolderFault, match=rf"^cannot write {re.escape(str(locked))}/run.*: no permission to write"):
        DOES[action](RunFolder(locked / "run", "spec.yaml"))


def test_a_folder_that_may_not_be_looked_at(locked: Path) -> None:
    with pytest.raises(OutputError, match="no permission"):
        RunFolder(locked / "run", "spec.yaml").check()


@pytest.mark.parametrize("action", DOES)
def test_a_file_in_the_way(action: str, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("x")
    with pytest.raises(FolderFault, match=r"^cannot write .*/run"):
        DOES[action](RunFolder(tmp_path / "run" / "deeper", "spec.yaml"))
