"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = [
    (command, output)
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for command, output in re.findall(r"^\$ netwright ([^\n]*)\n((?:(?!\$ ).*\n)+)", block, re.MULTILINE)
]


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_commands_print_what_is_shown(
    command: str, output: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from netwright.cli import main

    monkeypatch.chdir(ROOT)
    main(command.split())
    assert capsys.readouterr().out == output


def test_every_kind_of_output_is_shown() -> None:
    assert {command.split()[0] for command, _ in SHOWN} == {"check", "emit"}


def test_the_python_example_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert example
    code, _, figures = example.group(1).rstrip().rpartition("  # ")
    *before, last = code.splitlines()
    names: dict[str, object] = {}
    exec("\n".join(before), names)
    assert eval(last, names) == eval(figures)


def test_the_spec_shown_is_the_one_in_specs() -> None:
    shown = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert shown
    spec = (ROOT / "specs" / "wide_resnet.yaml").read_text(encoding="utf-8")
    for part in shown.group(1).split("\n\n"):
        assert part.strip("\n") in spec


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
