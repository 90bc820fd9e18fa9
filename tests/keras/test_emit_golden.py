"""Emitted modules are formatted, and to the byte those in tests/golden (`--update-golden` rewrites them)."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from reference_specs import PATHS, each

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
#: those of each feature of emission, and the reference specs
OWN = {path.stem: path for path in sorted((HERE / "specs").glob("*.yaml"))}
SPECS = {**OWN, **{path.stem: path for path in PATHS}}


@pytest.mark.parametrize("name", [*OWN, *each()])
def test_module(name: str, request: pytest.FixtureRequest) -> None:
    text = emit(compile_spec(SPECS[name]))
    golden = GOLDEN / f"{name}.py"
    if request.config.getoption("--update-golden"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert emit(compile_spec(SPECS[name])) == text
    ast.parse(text)


def test_every_golden_module_has_a_spec() -> None:
    assert {path.stem for path in GOLDEN.glob("*.py")} == SPECS.keys()


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_golden_modules_are_formatted() -> None:
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I,UP,B"]):
        arguments = [*command, "--isolated", "--line-length", "88", "--target-version", "py311", str(GOLDEN)]
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
