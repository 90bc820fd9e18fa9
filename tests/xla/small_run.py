"""A small training run on the engine of KERAS_BACKEND, what it leaves, and the emitted model."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from netwright.api import Model, compile as compile_spec
from netwright.backends.xla.target import Target
from netwright.backends.xla.train import Settings, train
from netwright.backends.xla.training.checkpoint import load_checkpoint
from netwright.backends.xla.training.surroundings import NoProgress, Progress
from netwright.run_folder import RunFolder

SMALL = """netwright: 1
name: small
inputs: {x: "f32[N, 4]"}
model: |
  x -> dense(8, activation=relu) -> batch_normalization -> dropout(0.3) -> dense(3, activation=softmax)
train:
  data: {builtin: iris, split: {validation: 0.2, test: 0.2}}
  loss: sparse_categorical_crossentropy
  optimizer: adam(0.01)
  metrics: [sparse_categorical_accuracy]
  batch_size: 16
  epochs: 6
"""


def small(**changes: str) -> Model:
    text = SMALL
    for key, value in changes.items():
        line = next((line for line in text.splitlines() if line.startswith(f"  {key}:")), None)
        text = text.replace(line, f"  {key}: {value}") if line else f"{text}  {key}: {value}\n"
    return compile_spec(text)


def trained(model: Model, path: Path, progress: Progress | None = None, **settings: Any) -> dict[str, Any]:
    settings = {"target": Target(os.environ["KERAS_BACKEND"], "cpu"), **settings}
    return train(model, RunFolder(path, "small"), Settings(**settings), progress or NoProgress())


def snapshot(path: Path) -> dict[str, Any]:
    return load_checkpoint(path).snapshot


def assert_identical(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []


def log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()]


def emitted(model: Model) -> Any:
    from netwright.backends.keras.emit import emit

    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(model), "emitted", "exec"), namespace)
    return namespace["build_model"]()
