"""The logs for TensorBoard of a run on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from xla.small_run import log, small, trained

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.training.surroundings import NoProgress

pytestmark = pytest.mark.keras
MODEL = small(
    callbacks="['tensor_board(\"board\", update_freq=4, histogram_freq=2, write_steps_per_second=true)']", epochs="3"
)
#: (step, value) of each figure
Curves = dict[str, list[tuple[int, float]]]


def curves(folder: Path) -> Curves:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    found: Curves = {}
    for file in sorted(folder.glob("events.out.tfevents.*")):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, make_ndarray(value.tensor).sum()))
    return found


class DieAt(NoProgress):
    def step(self, epoch: int, step: int, figures: object) -> None:
        if (epoch, step) == (3, 4):
            raise SystemExit


def test_figures_are_written_as_keras_writes_them(tmp_path: Path) -> None:
    """By a run that ended within an epoch and went on: each figure once."""
    pytest.importorskip("tensorboard")
    with pytest.raises(SystemExit):
        trained(MODEL, tmp_path, DieAt(), checkpoint_seconds=1e9)
    trained(MODEL, tmp_path, resume="last")
    train, validation = curves(tmp_path / "board" / "train"), curves(tmp_path / "board" / "validation")
    lines = log(tmp_path)
    for found, name, key in ((train, "epoch_loss", "loss"), (validation, "epoch_loss", "val_loss")):
        assert [step for step, _ in found[name]] == [0, 1, 2]
        assert [value for _, value in found[name]] == pytest.approx([line[key] for line in lines])
    assert [step for step, _ in train["batch_loss"]] == [4, 8, 12, 16]
    assert [step for step, _ in train["dense[0]/kernel/histogram"]] == [0, 2]
    assert train["epoch_learning_rate"] == [(step, pytest.approx(0.01)) for step in range(3)]
    assert len(train["epoch_steps_per_second"]) == 3
    assert set(validation) == {"epoch_loss", "epoch_sparse_categorical_accuracy"}


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(
        ExecutionError, match=r"^tensor_board needs tensorboard.*\n.*pip install 'netwright\[tensorboard\]'$"
    ):
        trained(MODEL, tmp_path)
