"""Layers that Keras lacks come whole into emitted modules, which are formatted. No framework."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from xla.written_cases import CASES

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.keras.written import SOURCES
from netwright.backends.report.examples import example
from netwright.compiler.ops.op import Op, operator_classes
from netwright.compiler.ops.written import WrittenLayer

WRITTEN = [cls for cls in operator_classes() if issubclass(cls, WrittenLayer)]
EMITTED = {name: emit(compile_spec(case.text)) for name, case in CASES.items()}


def _classes(text: str) -> list[str]:
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("cls", WRITTEN, ids=lambda cls: cls.name_in_flow)
def test_every_one_has_a_case_and_an_example(cls: type[Op]) -> None:
    assert any(cls.__name__ in _classes(text) for text in EMITTED.values())
    assert example(cls) is not None


FAMILIES = """
import sys
from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

model = compile_spec('netwright: 1\\nname: t\\ninputs: {x: "f32[N, 8]"}\\nmodel: x -> dense(4) -> maxout(2)')
before = set(sys.modules)
emit(model)
print(*(name for name in sorted(set(sys.modules) - before) if name.startswith("netwright.compiler.ops.")))
"""


def test_emission_loads_no_operators_beside_those_of_the_spec() -> None:
    done = subprocess.run([sys.executable, "-c", FAMILIES], capture_output=True, text=True, check=True)
    assert not done.stdout.strip()


def test_every_written_layer_is_found() -> None:
    assert {cls.__name__ for cls in WRITTEN} <= SOURCES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_module_has_the_classes_that_it_names(name: str) -> None:
    text = EMITTED[name]
    assert emit(compile_spec(CASES[name].text)) == text
    classes = _classes(text)
    assert classes == [each for each in SOURCES if f"{each}(" in text.partition("\ndef ")[2]]
    assert {line for line in text.splitlines() if "import" in line} <= {
        "import math",
        "import keras",
        "from keras import layers, ops",
    }


@pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")
def test_modules_are_formatted(tmp_path: Path) -> None:
    for name, text in EMITTED.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    for command in (["format", "--check", "--diff"], ["check", "--select", "E,F,W,I,UP,B"]):
        arguments = [*command, "--isolated", "--line-length", "88", "--target-version", "py311", str(tmp_path)]
        done = subprocess.run([sys.executable, "-m", "ruff", *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
