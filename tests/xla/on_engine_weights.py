"""Weights go both ways between programs and emitted models, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.initialization import initial_arrays
from netwright.backends.xla.program import Program
from netwright.backends.xla.run import Inference, run
from netwright.backends.xla.target import Target
from netwright.backends.xla.weights import save_model, save_weights

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
rng = np.random.default_rng(0)

SPEC = """netwright: 1
name: t
inputs: {x: "f32[N, 8]"}
layers:
  late: dense(8)
  early: dense(8)
blocks:
  x -> mixed(n, swap=false): |
    own = shared dense(n)
    y = x -> early -> dense(n, activation=tanh) -> batch_normalization
    y -> own -> own if swap else y -> dense(n) -> late
model: |
  x -> dense(8) -> mixed(8, swap=true) -> (dense(8) -> dropout(0.5) -> layer_normalization) * 3 -> mixed(8)
    -> dense(8, trainable=false) * 2 -> (dense(8) for _ in range(2)) -> late -> dense(3, name="logits")
"""


#: where weights can be constants
OWN_KERNELS = Target(NAME, "cpu", jit={"tensorflow": "off", "jax": "auto"}[NAME])
NORMALIZED = """netwright: 1
inputs: {x: "f32[N, 6, 6, 2]"}
model: x -> conv2d(4, 3) -> batch_normalization -> relu -> conv2d(5, 3) -> relu -> global_max_pooling2d -> dense(2)
"""


def built(model: Model) -> Any:
    """The model of the emitted code, its weights unlike each other."""
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(model), namespace)
    keras_model = namespace["build_model"]()
    for weight in keras_model.weights:
        weight.assign(rng.uniform(0.1, 0.5, weight.shape))
    return keras_model


@pytest.mark.parametrize("trained", [False, True])
def test_run_takes_weights_of_the_emitted_model(tmp_path: Path, trained: bool) -> None:
    load_engine(Target(NAME, "cpu"))
    model = compile_spec(SPEC)
    keras_model = built(model)
    if trained:
        keras_model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        keras_model.fit(rng.random((4, 8), "float32"), rng.random((4, 3), "float32"), verbose=0)
    keras_model.save_weights(tmp_path / "t.weights.h5")
    x = rng.random((4, 8), "float32")
    found = run(model, {"x": x}, tmp_path / "t.weights.h5", target=Target(NAME, "cpu"))
    np.testing.assert_allclose(found["output"], keras_model.predict_on_batch(x), rtol=1e-5, atol=1e-5)


def test_figures_to_which_a_layer_was_adapted_load(tmp_path: Path) -> None:
    load_engine(Target(NAME, "cpu"))
    model = compile_spec('netwright: 1\ninputs: {x: "f32[N, 8]"}\nmodel: x -> normalization -> dense(3)\n')
    keras_model = built(model)
    x = 3 + 2 * rng.random((4, 8), "float32")
    keras_model.get_layer("normalization").adapt(x)
    keras_model.save_weights(tmp_path / "t.weights.h5")
    found = run(model, {"x": x}, tmp_path / "t.weights.h5", target=Target(NAME, "cpu"))
    np.testing.assert_allclose(found["output"], keras_model(x), rtol=1e-5, atol=1e-5)


def test_the_emitted_model_takes_weights_of_a_program(tmp_path: Path) -> None:
    engine = load_engine(Target(NAME, "cpu"))
    model = compile_spec(SPEC)
    program = Program(model, engine)
    with engine.place():
        arrays = initial_arrays(program, seed=3)
    save_weights(program, {path: engine.numpy(array) for path, array in arrays.items()}, tmp_path / "t.weights.h5")
    keras_model = built(model)
    keras_model.load_weights(tmp_path / "t.weights.h5")
    x = rng.random((4, 8), "float32")
    found = engine.compile_forward(program)(*program.split(arrays), {"x": x})
    np.testing.assert_allclose(engine.numpy(found["output"]), keras_model.predict_on_batch(x), rtol=1e-5, atol=1e-5)


def test_a_saved_model_needs_keras_alone(tmp_path: Path) -> None:
    import keras

    engine = load_engine(Target(NAME, "cpu"))
    program = Program(compile_spec(SPEC), engine)
    arrays = initial_arrays(program, seed=3)
    save_model(program, arrays, tmp_path / "t.keras")
    x = rng.random((4, 8), "float32")
    found = engine.compile_forward(program)(*program.split(arrays), {"x": x})["output"]
    expected = keras.models.load_model(tmp_path / "t.keras").predict_on_batch(x)
    np.testing.assert_allclose(engine.numpy(found), expected, rtol=1e-5, atol=1e-5)


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    load_engine(Target(NAME, "cpu"))
    built(compile_spec(SPEC.replace("8", "6"))).save_weights(tmp_path / "t.weights.h5")
    with pytest.raises(ExecutionError, match=r"the file holds 693 parameters, the model has 1,147"):
        run(compile_spec(SPEC), {"x": np.zeros((1, 8))}, tmp_path / "t.weights.h5", target=Target(NAME))


def test_weights_of_other_layers_are_refused_though_their_number_is_the_same(tmp_path: Path) -> None:
    load_engine(Target(NAME, "cpu"))
    head = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 8]"}\nmodel: |\n  x -> '
    other = compile_spec(head + "dense(8, use_bias=false) -> layer_normalization(scale=false)\n")
    built(other).save_weights(tmp_path / "t.weights.h5")
    with pytest.raises(ExecutionError, match="do not fit t: "):
        run(compile_spec(head + "dense(8)\n"), {"x": np.zeros((1, 8))}, tmp_path / "t.weights.h5", target=Target(NAME))


@pytest.mark.parametrize(("content", "fault"), [(None, "no such file"), (b"not HDF5", "do not fit t")])
def test_a_file_without_weights_is_refused(tmp_path: Path, content: bytes | None, fault: str) -> None:
    path = tmp_path / "t.weights.h5"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ExecutionError, match=fault):
        run(compile_spec(SPEC), {"x": np.zeros((1, 8))}, path, target=Target(NAME))


@pytest.mark.parametrize("frozen", [False, True])
def test_a_model_is_held_for_many_calls(tmp_path: Path, frozen: bool) -> None:
    load_engine(Target(NAME, "cpu"))
    model = compile_spec(NORMALIZED)
    keras_model = built(model)
    keras_model.save_weights(tmp_path / "t.weights.h5")
    predict = Inference(model, tmp_path / "t.weights.h5", target=OWN_KERNELS, frozen=frozen)
    for batch in (3, 1, 3):
        x = rng.normal(size=(batch, 6, 6, 2)).astype("float32")
        expected = keras_model.predict_on_batch(x)
        np.testing.assert_allclose(predict({"x": x})["output"], expected, rtol=1e-5, atol=1e-5 * abs(expected).max())
    with pytest.raises(ExecutionError, match=r"there is no input 'y'"):
        predict({"y": x})


@pytest.mark.skipif(NAME != "tensorflow", reason="on JAX weights do not become constants")
def test_weights_too_large_for_constants_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netwright.backends.xla.engines.tensorflow._MOST_CONSTANTS", 100)
    with pytest.raises(ExecutionError, match="1,048 bytes of weights cannot be constants of a TensorFlow graph"):
        Inference(compile_spec(NORMALIZED), target=OWN_KERNELS, frozen=True)


def test_weights_that_are_not_there_are_said(tmp_path: Path) -> None:
    with pytest.raises(ExecutionError, match=r"none\.h5: no such file"):
        Inference(compile_spec(NORMALIZED), tmp_path / "none.h5")
