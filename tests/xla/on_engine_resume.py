"""Runs that stop and go on, on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xla.small_run import assert_identical, log, small, snapshot, trained

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.training.checkpoint import Checkpoint, Position, load_checkpoint, save_checkpoint
from netwright.backends.xla.training.interruption import Interrupted
from netwright.backends.xla.training.surroundings import NoProgress
from netwright.run_folder import RunFolder

pytestmark = pytest.mark.keras


def test_a_run_that_goes_on_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    whole = trained(small(), tmp_path / "whole")
    trained(small(), tmp_path / "parts", epochs=2)
    with (tmp_path / "parts" / "log.jsonl").open("a") as file:
        file.write('{"epoch": 3}\n')  # as if the process had ended between log and checkpoint
    parts = trained(small(), tmp_path / "parts", resume="last")
    assert_identical(snapshot(tmp_path / "whole"), snapshot(tmp_path / "parts"))
    assert parts["test"] == whole["test"]
    assert figures(tmp_path / "parts") == figures(tmp_path / "whole")


def figures(path: Path) -> list[dict[str, Any]]:
    """The log without seconds."""
    return [{name: value for name, value in line.items() if name != "seconds"} for line in log(path)]


@pytest.fixture
def _two_steps_a_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an epoch of six steps has places to stop at."""
    monkeypatch.setattr("netwright.backends.xla.training.feed._MOST", 2)


class StopAt(NoProgress):
    """Sends the signal of Ctrl-C at a step."""

    def __init__(self, epoch: int, step: int) -> None:
        self.at = (epoch, step)

    def step(self, epoch: int, step: int, figures: Any) -> None:
        if (epoch, step) == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("_two_steps_a_launch")
@pytest.mark.parametrize("at", [(3, 4), (4, 6)])  # an epoch has 6 steps
def test_ctrl_c_saves_and_the_run_goes_on_from_that_step(tmp_path: Path, at: tuple[int, int]) -> None:
    trained(small(), tmp_path / "whole")
    with pytest.raises(Interrupted):
        trained(small(), tmp_path / "parts", StopAt(*at))
    assert load_checkpoint(tmp_path / "parts").position.steps == (at[0] - 1) * 6 + at[1]
    trained(small(), tmp_path / "parts", resume="last")
    assert_identical(snapshot(tmp_path / "whole"), snapshot(tmp_path / "parts"))
    assert figures(tmp_path / "whole") == figures(tmp_path / "parts")


def test_callbacks_remember(tmp_path: Path) -> None:
    callbacks = '[early_stopping(monitor="val_loss", patience=2, restore_best_weights=true, min_delta=0.01)]'
    model = small(callbacks=callbacks, epochs="40", optimizer="adam(0.1)")
    whole = trained(model, tmp_path / "whole")
    assert whole["epochs"] < 40
    trained(model, tmp_path / "parts", epochs=whole["epochs"] - 1)
    parts = trained(model, tmp_path / "parts", resume="last")
    assert (parts["epochs"], parts["validation"]) == (whole["epochs"], whole["validation"])
    best = min(log(tmp_path / "whole"), key=lambda line: line["val_loss"])
    assert whole["validation"]["loss"] <= best["val_loss"] + 0.01


def test_a_run_keeps_its_seed(tmp_path: Path) -> None:
    trained(small(), tmp_path, epochs=1, seed=3)
    with pytest.raises(ExecutionError, match="seed 3, not 4"):
        trained(small(), tmp_path, seed=4, resume="last")
    with pytest.raises(ExecutionError, match="another model or optimizer"):
        trained(small(optimizer="sgd(0.1)"), tmp_path, resume="last")


class DieAt(StopAt):
    """Ends the run at a step as if its process had ended: nothing more is written."""

    def step(self, epoch: int, step: int, figures: Any) -> None:
        if (epoch, step) == self.at:
            raise SystemExit


@pytest.mark.usefixtures("_two_steps_a_launch")
def test_a_run_is_saved_within_an_epoch(tmp_path: Path) -> None:
    """The log, and what a callback writes, hold all steps of the epoch and each epoch once."""
    keeping = 'model_checkpoint("kept/best.keras", save_best_only=true)'
    model = small(callbacks=f"""['csv_logger("log.csv")', '{keeping}']""")
    trained(model, tmp_path / "whole")
    with pytest.raises(SystemExit):
        trained(model, tmp_path / "parts", DieAt(3, 5), checkpoint_seconds=0)
    assert load_checkpoint(tmp_path / "parts").position.steps == 2 * 6 + 4
    with (tmp_path / "parts" / "log.csv").open("a") as file:
        file.write("2,0.5")
    for folder in (tmp_path / "parts", tmp_path / "parts" / "kept"):
        (folder / ".netwright-5e1f.npz").write_text("what a killed process was writing")
    trained(model, tmp_path / "parts", resume="last")
    assert figures(tmp_path / "parts") == figures(tmp_path / "whole")
    assert (tmp_path / "parts" / "log.csv").read_text() == (tmp_path / "whole" / "log.csv").read_text()
    left = [{file.name for file in folder.rglob("*")} for folder in tmp_path.iterdir()]
    assert left[0] == left[1]


@pytest.mark.parametrize("data", ["{builtin: iris, split: {validation: 0.2}}", "iris"])
def test_the_best_epoch_is_kept(tmp_path: Path, data: str) -> None:
    """And the run goes on from there as it did."""
    model = small(data=data, optimizer="adam(0.3)", epochs="8")
    trained(model, tmp_path)
    whole, last = figures(tmp_path), snapshot(tmp_path)
    losses = [line.get("val_loss", line["loss"]) for line in whole]
    best = load_checkpoint(tmp_path, "best").position
    assert (best.epoch, best.best) == (1 + losses.index(min(losses)), min(losses))
    trained(model, tmp_path, resume="best")
    assert figures(tmp_path) == whole
    assert_identical(snapshot(tmp_path), last)


# ---------------------------------------------------------------- what cannot be gone on with


def test_there_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match=r"no checkpoint\.npz.*\n.*leave out --resume$"):
        trained(small(), tmp_path, resume="last")


def damaged(content: bytes, how: float) -> bytes:
    """A part of the file, or all of it with a bit flipped."""
    if how < 1:
        return content[: int(how * len(content))]
    at = int((how - 1) * len(content))
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("how", [0.0, 0.001, 0.5, 0.9999, 1.0, 1.1, 1.3, 1.5, 1.8, 1.9999])
def test_a_damaged_checkpoint_is_refused_and_the_best_is_named(tmp_path: Path, how: float) -> None:
    held = {"weights/dense/kernel": np.arange(400, dtype="float32")}
    folder = RunFolder(tmp_path, "small")
    folder.begin()
    save_checkpoint(folder, Checkpoint(Position(0, 16), held, [{"wait": 1}]), best=True)
    assert_identical(load_checkpoint(tmp_path).snapshot, held)
    last = tmp_path / "checkpoint.npz"
    last.write_bytes(damaged(last.read_bytes(), how))
    with pytest.raises(ExecutionError, match="cannot be read: it is damaged") as error:
        load_checkpoint(tmp_path)
    assert error.value.help == "--resume-best goes on from best.npz"
    assert_identical(load_checkpoint(tmp_path, "best").snapshot, held)
