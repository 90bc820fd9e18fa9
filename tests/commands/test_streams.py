"""The command line as a process: streams that are closed, full, or whose reader has gone, and Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
SPEC = 'netwright: 1\nname: good\ninputs: {x: "f32[N, 4]"}\nmodel: x -> dense(3)\n'
COMMANDS = [
    "check good.yaml",
    "summary good.yaml",
    "emit good.yaml",
    "draw good.yaml",
    "ops",
    "ops lstm",
    "schema",
    "-h",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(SPEC)
    return tmp_path


def shell(line: str, folder: Path) -> tuple[int, str]:
    """The status and the standard error of a command line; `netwright` is the one under test, its output buffered."""
    command = line.replace("netwright", f'"{sys.executable}" -m netwright', 1)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        ["bash", "-c", command], check=False, cwd=folder, env=environment, capture_output=True, text=True
    )
    return ended.returncode, ended.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said(command: str, folder: Path) -> None:
    said = "netwright: cannot write standard output: the disk is full\n"
    assert shell(f"netwright {command} > /dev/full", folder) == (1, said)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_has_gone_is_no_fault(command: str, folder: Path) -> None:
    assert shell(f"netwright {command} | true", folder) == (0, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_closed_stream_takes_all(command: str, folder: Path) -> None:
    assert shell(f"netwright {command} >&-", folder) == (0, "")


def test_messages_do_not_go_to_standard_output_where_the_other_is_closed(folder: Path) -> None:
    assert shell("netwright summary missing.yaml 2>&- | grep .", folder) == (1, "")


def test_ctrl_c_while_the_command_is_loaded_has_no_traceback(folder: Path) -> None:
    code = """
import sys
from netwright import cli

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "netwright.commands.check":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
sys.exit(cli.main(["check", "good.yaml"]))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=False, cwd=folder, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (1, "netwright: stopped\n")
