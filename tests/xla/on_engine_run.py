"""`run`, engines and devices, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.run import run
from netwright.backends.xla.target import Target

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]


def test_run_takes_and_gives_arrays_by_name(engine: Engine) -> None:
    text = """netwright: 1
name: t
inputs: {x: "f32[N, 3]", n: "i64[N]"}
outputs: [y, m]
model: |
  y = x -> dense(2)
  m = n + 1
"""
    given = {"n": np.array([1, 2]), "x": np.ones((2, 3))}
    found = run(compile_spec(text), given, target=Target(NAME), seed=1)
    assert list(found) == ["y", "m"]
    assert found["y"].shape == (2, 2)
    assert found["m"].dtype == np.int64
    np.testing.assert_array_equal(found["m"], [2, 3])
    again = run(compile_spec(text), given, target=Target(NAME), seed=1)
    np.testing.assert_array_equal(found["y"], again["y"])


def test_the_other_engine_needs_another_process(engine: Engine) -> None:
    other = {"jax": "tensorflow", "tensorflow": "jax"}[NAME]
    with pytest.raises(ExecutionError, match=f"needs Keras on {other}, but this process has imported Keras on {NAME}"):
        load_engine(Target(other))


def test_a_device_that_is_not_there_is_said(engine: Engine) -> None:
    with pytest.raises(ExecutionError, match="there is no device 'quantum'"):
        load_engine(Target(NAME, "quantum"))


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there may be a GPU here")
def test_a_missing_gpu_is_said(engine: Engine) -> None:
    with pytest.raises(ExecutionError, match="sees no gpu here, it sees: cpu"):
        load_engine(Target(NAME, "gpu"))
