"""`netwright evaluate` on the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xla.small_run import SMALL, emitted, small, trained

from netwright.cli import main

pytestmark = pytest.mark.keras
#: examples of the iris set by part
COUNTS = {"train": 90, "validation": 30, "test": 30, "all": 150}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with a spec, trained weights and examples of their own, and what training said of the spec's."""
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "small.yaml").write_text(SMALL)
    metrics = trained(small(), folder / "run", seed=5)
    rng = np.random.default_rng(0)
    np.savez(folder / "own.npz", x=rng.uniform(0, 8, (21, 4)), label=rng.integers(0, 3, 21))
    np.savez(folder / "words.npz", x=np.ones((2, 4)), label=np.array(["setosa", "virginica"]))
    (folder / "notes.txt").write_text("x")
    return folder, metrics


@pytest.fixture
def evaluated(run: tuple[Path, dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What the command prints on the weights of the run; its exit status must be the one given."""

    def printed(*options: str, weights: str = "run/model.weights.h5", status: int = 0) -> str:
        folder, _ = run
        where = ["--engine", os.environ["KERAS_BACKEND"], "--device", "cpu", "--seed", "5"]
        arguments = ["evaluate", str(folder / "small.yaml"), "--weights", str(folder / weights), *where, *options]
        capsys.readouterr()
        assert main(arguments) == status
        shown = capsys.readouterr()
        return shown.out if status == 0 else shown.err

    return printed


@pytest.fixture
def in_folder(run: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run[0])


@pytest.mark.parametrize("part", [None, *COUNTS])
def test_the_figures_are_those_of_training(
    part: str | None, run: tuple[Path, dict[str, Any]], evaluated: Callable[..., str]
) -> None:
    found = json.loads(evaluated("--format", "json", *(("--part", part) if part else ())))
    assert (found["part"], found["examples"]) == (part or "test", COUNTS[part or "test"])
    if found["part"] in ("test", "validation"):
        assert found["figures"] == pytest.approx(run[1][found["part"]], rel=1e-6)


def test_text(run: tuple[Path, dict[str, Any]], evaluated: Callable[..., str]) -> None:
    wanted = run[1]["test"]
    accuracy = f"{wanted['sparse_categorical_accuracy']:.4g}"
    assert evaluated() == f"test (30 examples): loss {wanted['loss']:.4g}, sparse_categorical_accuracy {accuracy}\n"


def test_other_data(run: tuple[Path, dict[str, Any]], evaluated: Callable[..., str]) -> None:
    """As Keras evaluates the emitted model."""
    folder, _ = run
    found = json.loads(evaluated("--format", "json", "--data", str(folder / "own.npz"), "--batch-size", "8"))
    keras_model = emitted(small())
    keras_model.load_weights(folder / "run" / "model.weights.h5")
    keras_model.compile(loss="sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
    with np.load(folder / "own.npz") as held:
        loss, accuracy = keras_model.evaluate(held["x"].astype("float32"), held["label"], verbose=0)
    assert (found["part"], found["examples"], found["batch_size"]) == ("all", 21, 8)
    assert found["figures"] == pytest.approx({"loss": loss, "sparse_categorical_accuracy": accuracy}, rel=1e-4)


@pytest.mark.parametrize(
    ("options", "weights", "said"),
    [
        ((), "no.weights.h5", "no such file"),
        ((), "notes.txt", "these weights do not fit small"),
        (("--data", "notes.txt"), None, "expected an .npz or .csv file"),
        (("--data", "no.npz"), None, "'no.npz' cannot be read"),
        (("--data", "words.npz"), None, "has the classes setosa, virginica; those learnt are numbers"),
    ],
)
def test_what_does_not_fit_is_said(
    options: tuple[str, ...], weights: str | None, said: str, in_folder: None, evaluated: Callable[..., str]
) -> None:
    found = evaluated(*options, weights=weights or "run/model.weights.h5", status=1)
    assert said in found
    assert "Traceback" not in found
