"""A run that its surroundings stop, on the engine of KERAS_BACKEND (see `test_program_engines.py`), says what is wrong
and leaves its last checkpoint whole."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest
from xla.small_run import SMALL, small, trained

from netwright.api import compile as compile_spec
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.training.checkpoint import load_checkpoint
from netwright.backends.xla.training.surroundings import NoProgress

pytestmark = pytest.mark.keras


class FillsTheDisk(NoProgress):
    """From the second epoch on no file can be longer than a few bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def step(self, epoch: int, step: int, figures: Any) -> None:
        if epoch == 2:
            _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.limit, hard))


@pytest.fixture(autouse=True)
def _room() -> Any:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


CALLBACKS = ["early_stopping(patience=9)", 'model_checkpoint("kept.weights.h5")', 'csv_logger("a.csv")']
#: what needs more memory at once than there is, when the weights are made and when a step is run
LARGE = {
    "jax": [
        "dense(400_000_000_000)",
        "dense(8) -> reshape([8, 1]) -> tile([1, 1, 10**10]) -> sin -> ops.max(axis=2)",
    ],
    "tensorflow": ["dense(400_000_000_000)"],  # whose process breaks down as it ends, if a step was refused memory
}


@pytest.mark.parametrize("callback", CALLBACKS)
def test_a_full_disk_leaves_the_last_checkpoint_whole(callback: str, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(ExecutionError, match=r"^cannot write .*larger|too large") as error:
        trained(small(callbacks=f"['{callback}']"), tmp_path, FillsTheDisk(100))
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert error.value.help == "the last checkpoint is whole; once this is mended, go on with --resume"
    assert load_checkpoint(tmp_path).position.epoch == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExecutionError, match=r"cannot write .*file/run: a part of its path is not a folder") as error:
        trained(small(), tmp_path / "file" / "run")
    assert error.value.help == "choose another --out"


@pytest.mark.parametrize("layers", LARGE[os.environ["KERAS_BACKEND"]])
def test_memory_that_does_not_suffice(layers: str, tmp_path: Path) -> None:
    start, end = SMALL.index("  x -> dense"), SMALL.index("train:")
    text = f"{SMALL[:start]}  x -> {layers} -> dense(3, activation=softmax)\n{SMALL[end:]}"
    with pytest.raises(ExecutionError, match=r"there is not enough memory: .*(allocat|OOM)") as error:
        trained(compile_spec(text), tmp_path)
    assert "a smaller batch" in str(error.value.help)
