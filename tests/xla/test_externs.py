"""`check`, `summary`, `draw` and `emit` import nothing of the user's; `run` and `train` what they are told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """netwright: 1
inputs: {x: "f32[N, 4]"}
externs:
  "x: f32[N, D] -> mine: f32[N, D]": {python: "mine.layers:Mine", params: = D}
model: |
  x -> mine -> dense(2)
train: {data: {npz: in.npz, targets: {output: y}}, loss: mse, optimizer: sgd, epochs: 1, batch_size: 2}
"""
PACKAGE = """import pathlib

import keras

pathlib.Path(__file__).with_name("imported").touch()


class Mine(keras.layers.Layer):
    def build(self, shape):
        self.scale = self.add_weight(shape=shape[1:], initializer="ones")

    def call(self, x):
        return x * self.scale
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import numpy as np

    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "__init__.py").touch()
    (tmp_path / "mine" / "layers.py").write_text(PACKAGE)
    (tmp_path / "spec.yaml").write_text(SPEC)
    np.savez(tmp_path / "in.npz", x=np.ones((20, 4), "float32"), y=np.ones((20, 2), "float32"))
    np.savez(tmp_path / "x.npz", x=np.ones((2, 4), "float32"))
    return tmp_path


def netwright(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "netwright", *options]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def was_imported(folder: Path) -> bool:
    return (folder / "mine" / "imported").exists()


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "summary", "draw", "emit"])
def test_reading_a_spec_imports_nothing(folder: Path, command: str) -> None:
    done = netwright(folder, command, "spec.yaml")
    assert done.returncode == 0, done.stderr
    assert not was_imported(folder)


RUN = ("run", "spec.yaml", "--input", "x.npz", "--output", "out.npz", "--engine", "jax")
TRAIN = ("train", "spec.yaml", "--out", "made", "--engine", "jax")


@pytest.mark.keras
@pytest.mark.parametrize("command", [RUN, TRAIN], ids=["run", "train"])
def test_a_spec_imports_what_the_user_allows(folder: Path, command: tuple[str, ...]) -> None:
    refused = netwright(folder, *command)
    assert refused.returncode == 1
    assert "error[not-supported]" in refused.stderr
    assert "--allow-extern mine.layers" in refused.stderr
    assert "Traceback" not in refused.stderr
    refused = netwright(folder, *command, "--allow-extern", "other", "--allow-extern", "mine.lay")
    assert refused.returncode == 1
    assert not was_imported(folder)
    done = netwright(folder, *command, "--allow-extern", "other", "--allow-extern", "mine")
    assert done.returncode == 0, done.stderr
    assert was_imported(folder)


@pytest.mark.keras
def test_what_the_class_raises_is_no_traceback(folder: Path) -> None:
    (folder / "mine" / "layers.py").write_text("raise OSError('no disk')")
    refused = netwright(folder, *RUN, "--allow-extern", "mine")
    assert refused.returncode == 1
    assert "Mine cannot be imported from mine.layers: OSError: no disk" in refused.stderr
    assert "spec.yaml:4" in refused.stderr
    assert "Traceback" not in refused.stderr
