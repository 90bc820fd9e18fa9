"""`netwright run` as a process: arrays in, arrays out, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

XOR = Path(__file__).resolve().parents[2] / "specs" / "xor_mlp.yaml"


def run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netwright", "run", str(XOR), *map(str, options)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def arrays(tmp_path: Path) -> Path:
    import numpy as np

    np.savez(tmp_path / "in.npz", x=np.array([[0, 0], [0, 1], [1, 0]], "float32"))
    return tmp_path / "in.npz"


@pytest.mark.keras
def test_outputs_go_by_name_and_are_not_replaced(arrays: Path, tmp_path: Path) -> None:
    import numpy as np

    out = tmp_path / "out.npz"
    first = run("--input", arrays, "--output", out, "--engine", "jax", "--seed", "3")
    assert first.returncode == 0, first.stderr
    with np.load(out) as found:
        assert {name: array.shape for name, array in found.items()} == {"output": (3, 1)}
        assert ((found["output"] > 0) & (found["output"] < 1)).all()
    again = run("--input", arrays, "--output", out, "--engine", "jax")
    assert again.returncode == 1
    assert "--force" in again.stderr


@pytest.mark.keras
def test_a_file_that_is_no_npz_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "in.npz"
    text.write_text("0, 1")
    refused = run("--input", text, "--output", tmp_path / "out.npz")
    assert refused.returncode == 1
    assert "cannot be read as an .npz file" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.keras
def test_a_missing_input_is_named(arrays: Path, tmp_path: Path) -> None:
    import numpy as np

    np.savez(arrays, y=np.zeros((1, 2), "float32"))
    refused = run("--input", arrays, "--output", tmp_path / "out.npz")
    assert refused.returncode == 1
    assert "expected x: f32[N, 2]" in refused.stderr
    assert "Traceback" not in refused.stderr
