"""Measurements in this process, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.bench.case import Case, Conditions, case_of
from netwright.backends.xla.bench.measure import SIDES, measure
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.target import Target

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
SPEC = """netwright: 1
name: t
inputs: {ids: "i32[N, T]", x: "f32[N, 3]"}
outputs: [y, z]
model: |
  y = (ids -> embedding(9, 4) -> global_average_pooling1d, x) -> concatenate -> dense(3, activation=softmax)
  z = x -> dense(1)
train: {loss: {y: sparse_categorical_crossentropy, z: mse}, metrics: {y: accuracy}, batch_size: 5}
"""


@pytest.fixture(autouse=True)
def small_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """The device's peak is of no interest here."""
    monkeypatch.setitem(SIDES, "cpu", 64)


@pytest.fixture
def case(tmp_path: Path, engine: Engine) -> Any:
    def made(**conditions: Any) -> Case:
        path = tmp_path / "t.yaml"
        path.write_text(SPEC)
        params = {"T": 6}
        asked = Conditions(Target(NAME, "cpu"), steps=3, **conditions)
        return case_of(compile_spec(path, params=params), params, None, asked)

    return made


@pytest.mark.parametrize("inference", [False, True])
def test_measure(case: Any, inference: bool) -> None:
    found = measure(case(inference=inference))
    assert (found.engine, found.device, found.steps) == (NAME, "cpu", 3)
    assert found.first_step_s > found.step_s > 0
    assert found.memory_of == {"jax": "program", "tensorflow": "process"}[NAME]
    assert found.peak_flops_per_s > 1e6


@pytest.mark.parametrize("inference", [False, True])
def test_measure_keras(case: Any, inference: bool) -> None:
    asked = case(inference=inference)
    text = emit(compile_spec(Path(asked.spec), params=asked.params), train=asked.training)
    found = measure(asked.as_keras(text, NAME, jit_compile=NAME == "jax"))
    assert (found.engine, found.steps, found.memory_of) == (NAME, 3, "process")
    assert found.first_step_s > found.step_s > 0


def test_what_the_framework_refuses_is_said(case: Any) -> None:
    with pytest.raises(ExecutionError, match=f"{NAME} cannot run it: Unable to allocate"):
        measure(case(batch=1 << 50))
