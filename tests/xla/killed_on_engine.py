"""Runs that are killed at random moments, whatever they are doing then, and go on, end as one that was not: on the
engine of KERAS_BACKEND (see `test_killed_runs.py`). Each run is a process of its own, which begins as a copy of this
one: the framework is imported here, but has started nothing."""

from __future__ import annotations

import importlib
import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = [pytest.mark.keras, pytest.mark.slow]
NAME = os.environ["KERAS_BACKEND"]
KILLS = 10

SPEC = """\
netwright: 1
name: killed
inputs: {image: "f32[N, 8, 8]"}
model: |
  image -> rescaling(1 / 16) -> flatten -> dense(16, activation=relu) -> batch_normalization -> dropout(0.3)
        -> dense(10, activation=softmax)
train:
  data: {builtin: digits, split: {validation: 0.1, test: 0.2}}
  loss: sparse_categorical_crossentropy
  optimizer: adam(3e-3, use_ema=true)
  metrics: [sparse_categorical_accuracy]
  callbacks:
    - csv_logger("epochs.csv")
    - early_stopping(patience=5, restore_best_weights=true)
    - reduce_lr_on_plateau(patience=1, monitor="loss", min_delta=0.05)
    - model_checkpoint("kept/{epoch:02d}.weights.h5", save_weights_only=true, save_best_only=true)
  batch_size: 37
  epochs: 8
"""


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """What every run imports."""
    for module in ("keras", "sklearn.datasets", "h5py", f"netwright.backends.xla.engines.{NAME}"):
        importlib.import_module(module)


def started(folder: Path) -> int:
    """The id of a process that trains, from the folder's checkpoint if there is one."""
    child = os.fork()
    if child == 0:
        os._exit(_train(folder))
    return child


def _train(folder: Path) -> int:
    from netwright.cli import main

    options = ["--out", str(folder), "--engine", NAME, "--device", "cpu", "--checkpoint-seconds", "0.05"]
    resume = ["--resume"] if (folder / "checkpoint.npz").exists() else []
    return main(["train", str(folder.parent / "killed.yaml"), *options, *resume])


def finished(child: int, seconds: float = 120.0) -> bool:
    """Whether the process ended well by itself; it is killed after so many seconds."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0
            return True
        time.sleep(0.001)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def left(folder: Path) -> dict[str, Any]:
    """All that a run leaves but for seconds, and what killed processes were writing."""
    found: dict[str, Any] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(file.relative_to(folder))
        if name.endswith(".h5"):
            found |= {f"{name}/{path}": array for path, array in _arrays_of_h5(file).items()}
        elif name.endswith(".npz"):
            with np.load(file) as held:
                meta = json.loads(str(held["meta"]))
                found |= {f"{name}/{array}": held[array] for array in held.files if array != "meta"}
                found[f"{name}/meta"] = _without_seconds(meta)
        elif name.endswith((".json", ".jsonl")):
            found[name] = [_without_seconds(line) for line in _json_lines(file)]
        else:
            found[name] = file.read_text()
    return found


def _arrays_of_h5(file: Path) -> dict[str, Any]:
    import h5py

    found: dict[str, Any] = {}
    with h5py.File(file) as held:
        held.visititems(lambda path, item: found.update({path: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def _json_lines(file: Path) -> list[Any]:
    text = file.read_text()
    return [json.loads(text)] if file.suffix == ".json" else [json.loads(line) for line in text.splitlines()]


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_seconds(item) for name, item in value.items() if "seconds" not in name}
    return value


def test_killed_runs_end_as_one_that_was_not(tmp_path: Path) -> None:
    (tmp_path / "killed.yaml").write_text(SPEC)
    began = time.monotonic()
    assert finished(started(tmp_path / "whole"))
    whole, length = left(tmp_path / "whole"), time.monotonic() - began
    moments = random.Random(1)
    kills, runs, done = 0, 0, False
    while kills < KILLS or not done:
        seconds = moments.uniform(0.3, 1.0) * length if kills < KILLS else 120.0
        done = finished(started(tmp_path / f"run{runs}"), seconds)
        kills += not done
        if done:
            assert_equal(left(tmp_path / f"run{runs}"), whole)
            runs += 1
    print(f"{kills} kills in {runs} runs of {length:.1f} s, {time.monotonic() - began:.0f} s in all")


def assert_equal(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    assert [name for name in wanted if not np.array_equal(found[name], wanted[name])] == []
