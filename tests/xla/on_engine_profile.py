"""Profiles of real steps, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.report.profile import ProfileTable
from netwright.backends.xla.bench.case import Conditions, case_of
from netwright.backends.xla.bench.profile import profile
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.target import Target

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
SPEC = """netwright: 1
name: t
inputs: {x: "f32[N, 5, 8]"}
blocks:
  (x, h[N, units]) -> cell(units): (x, h) -> concatenate -> dense(units, activation=tanh)
  x -> pair(units): x -> dense(units, activation=relu) -> batch_normalization -> dense(units)
model: x -> pair(8) * 2 -> recurrent(cell(units=4)) -> dense(3)
train: {loss: mse, batch_size: 16}
"""


@pytest.fixture
def found(tmp_path: Path, engine: Engine) -> Any:
    path = tmp_path / "t.yaml"
    path.write_text(SPEC)
    model = compile_spec(path)

    def profiled(**conditions: Any) -> ProfileTable:
        case = case_of(model, {}, None, Conditions(Target(NAME, "cpu"), steps=3, **conditions))
        return ProfileTable(model, case, profile(case))

    return profiled


def test_forward_and_backward_of_every_layer_with_weights(found: Any) -> None:
    table = found()
    for row in table.rows:
        share = table.shares[row.path]
        assert (share.forward > 0, share.backward > 0) == (True, True), row.path
    assert table.beside["train.optimizer"].forward > 0
    assert table.beside[""].both < 0.5 * table.total


def test_inference_has_no_backward(found: Any) -> None:
    table = found(inference=True)
    assert all(share.backward == 0 for share in table.shares.values())
    assert sum(table.shares[row.path].forward for row in table.rows if row.depth == 0) > 0
