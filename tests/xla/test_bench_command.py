"""`netwright bench` as a process, each measurement in one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SPECS = Path(__file__).resolve().parents[2] / "specs"
FIGURES = {
    *("import_s", "first_step_s", "step_s", "steps", "examples_per_s", "flops_per_s", "peak_share"),
    *("peak_memory_bytes", "peak_memory_of"),
}


def bench(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "netwright", "bench", *map(str, options), "--steps", "3"]
    environment = {**os.environ, "XLA_FLAGS": "--xla_backend_optimization_level=0"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.keras
@pytest.mark.slow
def test_json_beside_keras() -> None:
    done = bench(SPECS / "xor_mlp.yaml", "--engine", "jax", "--vs", "keras", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    (keras,) = found.pop("vs")
    about = {"spec", "engine", "device", "batch", "mode", "peak_flops_per_s"}
    assert found.keys() == FIGURES | about
    assert keras.keys() == FIGURES | {"what", "jit_compile", "ratios"}
    assert keras["ratios"]["step_s"] == pytest.approx(keras["step_s"] / found["step_s"])


@pytest.mark.keras
@pytest.mark.slow
def test_what_goes_wrong_while_measuring_is_said() -> None:
    done = bench(SPECS / "xor_mlp.yaml", "--engine", "jax", "--batch", str(1 << 40))
    assert done.returncode == 1
    assert done.stderr.startswith(f"netwright: {SPECS / 'xor_mlp.yaml'}: jax cannot run it: Unable to allocate")
