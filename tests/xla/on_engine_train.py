"""Training on the engine of KERAS_BACKEND (see `test_program_engines.py`): what is learnt, what callbacks do, what is
left in the folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from xla.small_run import SMALL, emitted, log, small, snapshot, trained

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.target import Target
from netwright.cli import main
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
SPECS = Path(__file__).parents[2] / "specs"


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
    program = Program(model, load_engine(Target(NAME, "cpu")))
    first = initial_arrays(program, 0)
    for path, variable in pair_variables(program, reference).items():
        variable.assign(first[path])
    reference.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    iris = load_iris()
    reference.fit(iris.data.astype("float32"), iris.target, 16, 3, shuffle=False, verbose=0)
    for found, wanted in zip(ours.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


CAPTURING = """
  seen = x -> dense(3, activation=tanh)
  x -> reshape((4, 1)) -> recurrent(concatenate -> dense(2) -> gru_cell(3)(states=seen), initial_state=seen) -> softmax
"""


@pytest.mark.parametrize("flow", ["", CAPTURING], ids=["layers", "a cell that uses tensors from outside"])
def test_the_emitted_model_loads_the_weights(tmp_path: Path, flow: str) -> None:
    from netwright.backends.xla.run import run

    before, _, rest = SMALL.partition("model: |")
    model = compile_spec(f"{before}model: |{flow}{rest[rest.index('train:') :]}") if flow else small()
    trained(model, tmp_path)
    x = np.random.default_rng(0).uniform(0, 8, (9, 4)).astype("float32")
    keras_model = emitted(model)
    keras_model.load_weights(tmp_path / "model.weights.h5")
    ours = run(model, {"x": x}, tmp_path / "model.weights.h5", target=Target(NAME, "cpu"))["output"]
    np.testing.assert_allclose(ours, keras_model.predict_on_batch(x), rtol=1e-5, atol=1e-5)
    weights = [value for name, value in snapshot(tmp_path).items() if name.startswith("weights/")]
    assert sum(value.size for value in weights) == model.params.trainable


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
        ("swap_ema_weights", "not-supported"),
        ("tensor_board(profile_batch=2)", "not-supported"),
        ('tensor_board("../logs")', "path-outside-tree"),
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


def test_the_spec_may_say_no_to_xla(tmp_path: Path) -> None:
    model = small(jit="false")
    if NAME == "jax":
        with pytest.raises(ExecutionError, match="always compiles with XLA"):
            trained(model, tmp_path)
    else:
        assert trained(model, tmp_path)["epochs"] == 6
