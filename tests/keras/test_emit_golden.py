"""Emitted modules are formatted, and to the byte those in tests/golden (`--update-golden` rewrites them)."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
SPECS = sorted([*(HERE.parents[1] / "specs").glob("*.yaml"), *(HERE / "specs").glob("*.yaml")])


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_module(spec: Path, request: pytest.FixtureRequest) -> None:
    text = emit(compile_spec(spec))
    golden = GOLDEN / f"{spec.stem}.py"
    if request.config.getoption("--update-golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert emit(compile_spec(spec)) == text
    ast.parse(text)


def test_every_golden_module_has_a_spec() -> None:
    assert {path.stem for path in GOLDEN.glob("*.py")} == {path.stem for path in SPECS}


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_golden_modules_are_formatted() -> None:
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I,UP,B"]):
        arguments = [*command, "--isolated", "--line-length", "88", "--target-version", "py311", str(GOLDEN)]
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
