"""Training on the engine of KERAS_BACKEND (see `test_program_engines.py`): what is learnt, what is left in the folder,
going on, stopping."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import Model, compile as compile_spec
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.train import Settings, train
from netwright.backends.xla.training.checkpoint import load_checkpoint
from netwright.backends.xla.training.interruption import Interrupted
from netwright.backends.xla.training.surroundings import NoProgress
from netwright.cli import main
from netwright.dsl.diagnostics import SpecError
from netwright.run_folder import RunFolder

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
SPECS = Path(__file__).parents[2] / "specs"

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


def trained(model: Model, path: Path, **settings: Any) -> dict[str, Any]:
    return train(model, RunFolder(path, "small"), Settings(NAME, "cpu", **settings), NoProgress())


def snapshot(path: Path) -> dict[str, Any]:
    return load_checkpoint(path).snapshot


def assert_identical(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    assert [name for name in one if not np.array_equal(one[name], other[name])] == []


def log(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()]


# ---------------------------------------------------------------- what is learnt


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_digits_are_learnt(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    spec = str(SPECS / "digits_mlp.yaml")
    arguments = ["train", spec, "--out", str(tmp_path / "run"), "--engine", NAME, "--device", "cpu"]
    assert main([*arguments, "--seed", str(seed)]) == 0
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["test"]["sparse_categorical_accuracy"] > 0.97
    assert (metrics["epochs"], metrics["params"], metrics["seed"]) == (40, 17_226, seed)
    shown = capsys.readouterr()
    assert shown.out.startswith("test: loss 0.")
    assert len(shown.err.splitlines()) == 40
    assert len(log(tmp_path / "run")) == 40


@pytest.mark.parametrize(("spec", "metric", "least"), [("xor_mlp", "binary_accuracy", 1.0), ("iris_mlp", None, 0.95)])
def test_small_problems_are_learnt(tmp_path: Path, spec: str, metric: str | None, least: float) -> None:
    metrics = trained(compile_spec(SPECS / f"{spec}.yaml"), tmp_path)
    assert metrics["train"][metric or "sparse_categorical_accuracy"] >= least
    assert (metrics["validation"], metrics["test"]) == (None, None)


def test_training_is_kerass_fit(tmp_path: Path) -> None:
    """Three unshuffled epochs from the same first weights, without dropout; the last batch of each is short."""
    import keras
    from sklearn.datasets import load_iris

    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.program import Program
    from netwright.backends.xla.weights import pair_variables

    model = small(data="{builtin: iris, shuffle: false}", epochs="3", optimizer="sgd(0.05, momentum=0.9)")
    model = compile_spec(model.spec.source.text.replace(" -> dropout(0.3)", ""))
    trained(model, tmp_path)
    ours, reference = emitted(model), emitted(model)
    ours.load_weights(tmp_path / "model.weights.h5")
    program = Program(model, load_engine(NAME, "cpu"))
    first = initial_arrays(program, 0)
    for path, variable in pair_variables(program, reference).items():
        variable.assign(first[path])
    reference.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    iris = load_iris()
    reference.fit(iris.data.astype("float32"), iris.target, 16, 3, shuffle=False, verbose=0)
    for found, wanted in zip(ours.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def emitted(model: Model) -> Any:
    from netwright.backends.keras.emit import emit

    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(model), "emitted", "exec"), namespace)
    return namespace["build_model"]()


def test_the_emitted_model_loads_the_weights(tmp_path: Path) -> None:
    from netwright.backends.xla.run import run

    model = small()
    trained(model, tmp_path)
    x = np.random.default_rng(0).uniform(0, 8, (9, 4)).astype("float32")
    keras_model = emitted(model)
    keras_model.load_weights(tmp_path / "model.weights.h5")
    ours = run(model, {"x": x}, tmp_path / "model.weights.h5", engine=NAME, device="cpu")["output"]
    np.testing.assert_allclose(ours, keras_model.predict_on_batch(x), rtol=1e-5, atol=1e-5)
    weights = [value for name, value in snapshot(tmp_path).items() if name.startswith("weights/")]
    assert sum(value.size for value in weights) == model.params.trainable


# ---------------------------------------------------------------- going on


def test_a_run_that_goes_on_ends_as_one_that_was_not_stopped(tmp_path: Path) -> None:
    whole = trained(small(), tmp_path / "whole")
    trained(small(), tmp_path / "parts", epochs=2)
    with (tmp_path / "parts" / "log.jsonl").open("a") as file:
        file.write('{"epoch": 3}\n')  # as if the process had ended between log and checkpoint
    parts = trained(small(), tmp_path / "parts", resume=True)
    assert_identical(snapshot(tmp_path / "whole"), snapshot(tmp_path / "parts"))
    assert parts["test"] == whole["test"]
    assert [line["loss"] for line in log(tmp_path / "parts")] == [line["loss"] for line in log(tmp_path / "whole")]


class StopAt(NoProgress):
    """Sends the signal of Ctrl-C at a step."""

    def __init__(self, epoch: int, step: int) -> None:
        self.at = (epoch, step)

    def step(self, epoch: int, step: int, figures: Any) -> None:
        if (epoch, step) == self.at:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("at", [(3, 4), (4, 6)])  # an epoch has 6 steps
def test_ctrl_c_saves_and_the_run_goes_on_from_that_step(tmp_path: Path, at: tuple[int, int]) -> None:
    trained(small(), tmp_path / "whole")
    folder, settings = RunFolder(tmp_path / "parts", "small"), Settings(NAME, "cpu")
    with pytest.raises(Interrupted):
        train(small(), folder, settings, StopAt(*at))
    assert load_checkpoint(tmp_path / "parts").position.steps == (at[0] - 1) * 6 + at[1]
    trained(small(), tmp_path / "parts", resume=True)
    assert_identical(snapshot(tmp_path / "whole"), snapshot(tmp_path / "parts"))


def test_callbacks_remember(tmp_path: Path) -> None:
    callbacks = '[early_stopping(monitor="val_loss", patience=2, restore_best_weights=true, min_delta=0.01)]'
    model = small(callbacks=callbacks, epochs="40", optimizer="adam(0.1)")
    whole = trained(model, tmp_path / "whole")
    assert whole["epochs"] < 40
    trained(model, tmp_path / "parts", epochs=whole["epochs"] - 1)
    parts = trained(model, tmp_path / "parts", resume=True)
    assert (parts["epochs"], parts["validation"]) == (whole["epochs"], whole["validation"])
    best = min(log(tmp_path / "whole"), key=lambda line: line["val_loss"])
    assert whole["validation"]["loss"] <= best["val_loss"] + 0.01


def test_a_run_keeps_its_seed(tmp_path: Path) -> None:
    trained(small(), tmp_path, epochs=1, seed=3)
    with pytest.raises(ExecutionError, match="seed 3, not 4"):
        trained(small(), tmp_path, seed=4, resume=True)
    with pytest.raises(ExecutionError, match="another model or optimizer"):
        trained(small(optimizer="sgd(0.1)"), tmp_path, resume=True)


# ---------------------------------------------------------------- callbacks


def test_callbacks_write_below_the_folder(tmp_path: Path) -> None:
    saving = 'model_checkpoint("weights/{epoch:02d}.weights.h5", save_weights_only=true, monitor="loss")'
    callbacks = f"""['csv_logger("log/epochs.csv")', '{saving}']"""
    trained(small(callbacks=callbacks, epochs="2"), tmp_path)
    assert len((tmp_path / "log" / "epochs.csv").read_text().splitlines()) == 3
    assert sorted(file.name for file in (tmp_path / "weights").iterdir()) == ["01.weights.h5", "02.weights.h5"]
    emitted(small()).load_weights(tmp_path / "weights" / "02.weights.h5")


@pytest.mark.parametrize("optimizer", ["adam(0.01)", "loss_scale_optimizer(adam(0.01))"])
def test_reduce_lr_on_plateau_lowers_the_rate(tmp_path: Path, optimizer: str) -> None:
    callbacks = '[reduce_lr_on_plateau(monitor="sparse_categorical_accuracy", factor=0.5, patience=1, min_delta=1)]'
    trained(small(callbacks=callbacks, epochs="4", optimizer=optimizer), tmp_path)
    rates = [line["learning_rate"] for line in log(tmp_path)]
    assert rates == pytest.approx([0.01, 0.01, 0.005, 0.0025])


@pytest.mark.parametrize(
    ("callback", "code"),
    [
        ('csv_logger("../log.csv")', "path-outside-tree"),
        ('model_checkpoint("/tmp/a.keras")', "path-outside-tree"),
        ('early_stopping(monitor="val_los")', "invalid-argument"),
        ("tensor_board", "not-supported"),
        ("swap_ema_weights", "not-supported"),
    ],
)
def test_callbacks_that_cannot_work(tmp_path: Path, callback: str, code: str) -> None:
    with pytest.raises(SpecError) as error:
        trained(small(callbacks=f"['{callback}']"), tmp_path / "run")
    assert [each.code for each in error.value.diagnostics] == [code]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("optimizer", ["{}", "loss_scale_optimizer({})"])
def test_a_moving_average_takes_the_place_of_the_weights(tmp_path: Path, optimizer: str) -> None:
    trained(small(optimizer=optimizer.format("adam(0.01, use_ema=true, ema_momentum=0.5)")), tmp_path)
    last = snapshot(tmp_path)
    keras_model = emitted(small())
    keras_model.load_weights(tmp_path / "model.weights.h5")
    kernel = keras_model.get_weights()[0]
    same = [name.partition("/")[0] for name, value in last.items() if np.array_equal(value, kernel)]
    assert same == ["optimizer"]


# ---------------------------------------------------------------- what goes wrong


def test_a_loss_that_is_no_number_names_epoch_and_step(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match=r"epoch 1, step [2-9] of 6: it is (nan|inf)"):
        trained(small(optimizer="sgd(1e38)"), tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04"])
def test_a_checkpoint_that_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ExecutionError, match=r"no checkpoint\.npz"):
        trained(small(), tmp_path, resume=True)
    (tmp_path / "checkpoint.npz").write_bytes(content)
    with pytest.raises(ExecutionError, match="no checkpoint of this version"):
        trained(small(), tmp_path, resume=True)


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("x")
    arguments = ["train", str(SPECS / "xor_mlp.yaml"), "--out", str(tmp_path), "--engine", NAME, "--epochs", "1"]
    assert main(arguments) == 1
    assert "no run of Netwright" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]
    assert main([*arguments, "--force"]) == 0
    assert main(arguments) == 0
    assert (tmp_path / "thesis.tex").read_text() == "x"


def test_inputs_with_a_fixed_batch(tmp_path: Path) -> None:
    text = SMALL.replace("f32[N, 4]", "f32[16, 4]")
    metrics = trained(compile_spec(text), tmp_path / "a")
    assert metrics["steps"] == 6 * (90 // 16)
    with pytest.raises(SpecError, match="batches of 16"):
        trained(compile_spec(text), tmp_path / "b", batch_size=8)
