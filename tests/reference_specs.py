"""The reference specs as parameters of tests: a handful of unlike ones for the tests that are run all the time, the
others marked slow."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "specs"
PATHS = sorted(FOLDER.glob("*.yaml"))
NAMES = [path.stem for path in PATHS]
HANDFUL = {
    *("bilstm_timit", "digits_mlp", "dqn", "googlenet", "gpt2", "lenet5", "mobilenet_v2", "recurrent_cells"),
    *("resnet", "seq2seq_bahdanau", "siamese", "transformer", "unet", "variational_autoencoder"),
}


def each(rows: Iterable[Any] = NAMES) -> list[Any]:
    """For pytest.mark.parametrize: names of specs, or rows that begin with one."""
    return [row if _name(row) in HANDFUL else _slow(row) for row in rows]


def _name(row: Any) -> str:
    name: str = row if isinstance(row, str) else row[0]
    return name


def _slow(row: Any) -> Any:
    return pytest.param(*([row] if isinstance(row, str) else row), marks=pytest.mark.slow)
