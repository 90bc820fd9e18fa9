"""The register of operators: families are loaded when a name of theirs is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from netwright.compiler.ops import registry
from netwright.compiler.ops.registry import OPERATORS, SAVED, save_families


def test_saved_families_are_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "SAVED", tmp_path / "families.json")
    save_families(SAVED.parent)
    expected = (tmp_path / "families.json").read_text(encoding="utf-8")
    assert expected == SAVED.read_text(encoding="utf-8"), "run: python -m netwright.compiler.ops.registry"


def test_every_name_finds_a_class() -> None:
    assert len(OPERATORS) == len([OPERATORS[name] for name in OPERATORS]) > 800
    assert "no_such_layer" not in OPERATORS
    with pytest.raises(KeyError):
        OPERATORS["no_such_layer"]


def test_what_a_spec_does_not_use_is_not_loaded() -> None:
    code = (
        "import sys, netwright;"
        "netwright.compile('netwright: 1\\ninputs: {x: \"f32[N, 3]\"}\\nmodel: x -> dense(2)\\n');"
        "print(*(name for name in sys.modules if name.startswith('netwright.compiler.ops.')))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "netwright.compiler.ops.core" in loaded
    assert not {"netwright.compiler.ops.convolution", "netwright.compiler.ops.recurrent"} & set(loaded)
