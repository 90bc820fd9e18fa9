"""Cells written in flow against Keras's own recurrent layers, on the engine of KERAS_BACKEND (see
`test_program_engines.py`): the same weights give the same outputs and gradients, and training goes the same way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.weights import load_weights, pair_variables, save_weights
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras
Arrays = dict[str, Any]

HEAD = 'netwright: 1\nname: t\ninputs: {x: "f32[N, T, 3]"}\n'
BLOCKS = """blocks:
  (x, h[N, n]) -> elman(n): |
    (x -> dense(n)) + (h -> dense(n, use_bias=false)) -> tanh
  (x, h[N, n], c[N, n]) -> long_short(n): |
    i, f, g, o = (x -> dense(4 * n)) + (h -> dense(4 * n, use_bias=false)) -> split(4, axis=-1)
    new = (f -> sigmoid) * c + (i -> sigmoid) * (g -> tanh)
    ((o -> sigmoid) * (new -> tanh), new)
  (x, h[N, n]) -> gated(n): |
    xz, xr, xh = x -> dense(3 * n) -> split(3, axis=-1)
    hz, hr, hh = h -> dense(3 * n) -> split(3, axis=-1)
    z = xz + hz -> sigmoid
    z * h + (1 - z) * (xh + (xr + hr -> sigmoid) * hh -> tanh)
"""
#: Keras's layer, and the cell in flow
PAIRS = {"simple_rnn": "elman", "lstm": "long_short", "gru": "gated"}
OPTIONS = "return_sequences=true, return_state=true, go_backwards=true"


def program(engine: Engine, layer: str, outputs: str) -> Program:
    return Program(compile_spec(f"{HEAD}{BLOCKS}outputs: [{outputs}]\nmodel: |\n  {outputs} = x -> {layer}\n"), engine)


def emitted(made: Program) -> Any:
    """The model that the emitted code builds."""
    namespace: Arrays = {}
    exec(emit(made.model), namespace)
    return namespace["build_model"]()


def as_keras(given: Arrays, layer: str) -> Arrays:
    """The weights of Keras's layer in the places of the cell's."""
    by_name = {path.rpartition("/")[2]: array for path, array in given.items()}
    prefix = "recurrent/dense"
    found = {f"{prefix}[0]/kernel": by_name["kernel"], f"{prefix}[1]/kernel": by_name["recurrent_kernel"]}
    if layer != "gru":
        return {**found, f"{prefix}[0]/bias": by_name["bias"]}
    return {**found, f"{prefix}[0]/bias": by_name["bias"][0], f"{prefix}[1]/bias": by_name["bias"][1]}


def outputs_and_gradients(engine: Engine, made: Program, arrays: Arrays, x: Any) -> tuple[Arrays, Arrays]:
    def total(moved: Arrays, state: Arrays) -> tuple[Any, Any]:
        weights = {path: array for path, array in moved.items() if path != "x"}
        outputs = made.forward(weights, state, {"x": moved["x"]}).outputs
        return sum(_squares(output) for output in outputs.values()), outputs

    weights, state = made.split(arrays)
    (_, outputs), gradients = _compiled(engine, engine.value_and_grad(total))({**weights, "x": x}, state)
    return {n: np.asarray(a) for n, a in outputs.items()}, {n: np.asarray(a) for n, a in gradients.items()}


def _squares(array: Any) -> Any:
    from keras import ops

    return ops.sum(ops.square(array))


def _compiled(engine: Engine, function: Callable[..., Any]) -> Callable[..., Any]:
    if engine.name == "jax":
        import jax

        return jax.jit(function)
    compiled: Callable[..., Any] = engine.compiled(function)  # type: ignore[attr-defined]
    return compiled


@pytest.mark.parametrize("layer", PAIRS)
def test_a_cell_in_flow_is_keras_layer(engine: Engine, start: Any, rng: Any, layer: str) -> None:
    outputs = "y, h, c" if layer == "lstm" else "y, h"
    theirs = program(engine, f"{layer}(4, {OPTIONS})", outputs)
    ours = program(engine, f"recurrent({PAIRS[layer]}(4), {OPTIONS})", outputs)
    assert ours.model.params.total == theirs.model.params.total
    assert ours.model.macs == theirs.model.macs
    given = start(theirs, 3)
    weights = {path: array for path, array in given.items() if "seed" not in path}
    given |= {path: array + rng.uniform(0, 0.2, array.shape).astype("float32") for path, array in weights.items()}
    weights = {path: given[path] for path in weights}
    for steps in (1, 5):  # T is a symbol
        x = rng.random((2, steps, 3), "float32")
        expected, slopes = outputs_and_gradients(engine, theirs, given, x)
        found, moved = outputs_and_gradients(engine, ours, as_keras(weights, layer), x)
        for name, output in expected.items():
            np.testing.assert_allclose(found[name], output, rtol=1e-5, atol=1e-5, err_msg=name)
        wanted = {**as_keras({path: slopes[path] for path in weights}, layer), "x": slopes["x"]}
        assert moved.keys() == wanted.keys()
        for name, slope in wanted.items():
            np.testing.assert_allclose(moved[name], slope, rtol=1e-4, atol=1e-4, err_msg=name)


MASKED = """netwright: 1
name: t
inputs: {words: "i32[N, T]"}
outputs: [y, z]
model: |
  y = words -> embedding(5, 3, mask_zero=true) -> LAYER -> lstm(2)
  z = words -> embedding(5, 3, mask_zero=true) -> LAYER -> global_average_pooling1d
"""


def test_masks_come_and_go_on(engine: Engine, start: Any) -> None:
    words = np.array([[1, 2, 0, 0], [0, 3, 4, 0]], "int32")
    found = []
    for layer in ("simple_rnn(4, return_sequences=true)", "recurrent(elman(4), return_sequences=true)"):
        made = Program(compile_spec(MASKED.replace("LAYER", layer).replace("outputs:", BLOCKS + "outputs:")), engine)
        arrays = {path: np.full(np.shape(array), 0.1, "float32") for path, array in start(made, 0).items()}
        arrays |= {path: np.asarray(array) for path, array in start(made, 0).items() if "seed" in path}
        outputs = engine.compile_forward(made)(*made.split(arrays), {"words": words})
        found.append({name: np.asarray(array) for name, array in outputs.items()})
    for name, expected in found[0].items():
        np.testing.assert_allclose(found[1][name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


CAPTURED = """netwright: 1
name: t
inputs: {x: "f32[N, T, 3]", m: "bool[N, 3]"}
model: |
  x -> recurrent(add -> softmax(mask=m), initial_state=x[:, 0])
"""


def test_a_cell_may_use_tensors_from_outside(engine: Engine, rng: Any) -> None:
    made = Program(compile_spec(CAPTURED), engine)
    x, m = rng.random((2, 4, 3), "float32"), np.array([[1, 1, 0], [0, 1, 1]], bool)
    h = x[:, 0]
    for step in np.moveaxis(x, 1, 0):
        powers = np.exp(step + h) * m
        h = powers / powers.sum(1, keepdims=True)
    found = engine.compile_forward(made)({}, {}, {"x": x, "m": m})["output"]
    np.testing.assert_allclose(found, h, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.asarray(emitted(made)({"x": x, "m": m})), h, rtol=1e-5, atol=1e-5)


HIDDEN = """
  x -> run(f): x -> recurrent(f, initial_state=x[:, 0])
outputs: [y]
model: |
"""


@pytest.mark.parametrize(
    "model",
    ["y = x -> run(add -> softmax(mask=m))", "f = shared recurrent(elman(3) -> softmax(mask=m))\n  y = x -> f"],
)
def test_tensors_from_outside_that_code_cannot_reach(model: str) -> None:
    """The function of a block, and a layer that is made before it is called, do not see them."""
    text = CAPTURED.partition("model:")[0] + BLOCKS.rstrip() + HIDDEN + f"  {model}\n"
    with pytest.raises(SpecError, match="cannot use tensors from outside of it"):
        emit(compile_spec(text))


TRAINED = """  x -> recurrent(long_short(4), return_sequences=true) -> recurrent(gated(4)) -> dense(1)
"""
TRAINED_WITH_CAPTURES = """  seen = x[:, 0] -> dense(4, activation=tanh)
  y = x -> recurrent(elman(4) -> gru_cell(4)(states=(seen -> dense(4))), initial_state=seen, return_sequences=true)
  words = (x[:, :, 0] * 5 -> cast("int32")) -> embedding(5, 4, mask_zero=true)
  z = words -> recurrent(elman(4) -> softmax(mask=seen > 0))
  (y -> recurrent(gated(4) -> softmax(mask=seen < 0))) + z -> dense(1)
"""


@pytest.mark.parametrize("model", [TRAINED, TRAINED_WITH_CAPTURES], ids=["alone", "with tensors from outside"])
def test_training_lowers_the_loss_here_and_in_keras(
    engine: Engine, start: Any, rng: Any, tmp_path: Path, model: str
) -> None:
    import keras

    made = Program(compile_spec(f"{HEAD}{BLOCKS}model: |\n{model}"), engine)
    arrays = start(made, 0)
    x = rng.random((16, 6, 3), "float32")
    target = x[:, :, 0].mean(1, keepdims=True)
    loss = keras.losses.MeanSquaredError()

    def total(outputs: Arrays, targets: Arrays, weights: Any) -> Any:
        return loss(targets["y"], outputs["output"])

    training = engine.compile_training(made, arrays, total, keras.optimizers.SGD(0.1), [])
    keras_model = emitted(made)
    for path, variable in pair_variables(made, keras_model).items():
        variable.assign(arrays[path])
    keras_model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=True)
    losses = []
    for _ in range(3):
        training.reset_metrics()
        training.step(Batch({"x": x}, {"y": target}))
        theirs = keras_model.train_on_batch(x, target)
        losses.append(training.results()["loss"])
        assert losses[-1] == pytest.approx(float(theirs), rel=1e-4)
    assert losses[2] < losses[1] < losses[0]
    save_weights(made, training.arrays(), tmp_path / "t.weights.h5")
    again = emitted(made)
    again.load_weights(tmp_path / "t.weights.h5")
    outputs = engine.compile_forward(made)(*made.split(training.arrays()), {"x": x})["output"]
    np.testing.assert_allclose(again.predict_on_batch(x), outputs, rtol=1e-5, atol=1e-5)
    for path, array in load_weights(made, tmp_path / "t.weights.h5").items():
        np.testing.assert_array_equal(array, training.arrays()[path])
