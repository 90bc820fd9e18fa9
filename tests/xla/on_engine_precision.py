"""Training in less than f32 against the emitted Keras model under the same policy, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Batch, Engine, Training
from netwright.backends.xla.precision import layers_compute_in, scaling_losses
from netwright.backends.xla.program import Program
from netwright.backends.xla.run import run
from netwright.backends.xla.target import Target
from netwright.backends.xla.train import Settings, compile_run
from netwright.backends.xla.training.figures import build_loss
from netwright.backends.xla.weights import pair_variables
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

HEAD = 'netwright: 1\nname: t\ninputs: {x: "f32[N, 6, 8]"}\n'
TAIL = "\ntrain: {loss: mean_squared_error, optimizer: sgd(0.02), precision: %s}\n"
#: title -> spec without head and tail
SPECS = {
    "layers and functions": """
blocks: {x -> f: x + (x -> layer_normalization -> dense(16, activation=gelu, kernel_regularizer=l2(0.01)) -> dense(8))}
model: x -> f * 3 -> batch_normalization -> square -> dense(8, use_bias=false)""",
    "a loop that begins with f32": "model: x -> (dense(8) -> tanh) * 3",
    "attention": """
blocks: {x -> f: x + ((x, x) -> multi_head_attention(2, 4, use_causal_mask=true))}
model: x -> dense(8) -> f * 3 -> dense(8, dtype=f32)""",
    "a convolution": "model: x -> conv1d(8, 3, padding=same, activation=relu) * 3 -> reshape([6, 8])",
    "a recurrence": """
blocks: {"(x, h[N, 8]) -> cell": ((x, h) -> concatenate -> dense(8) -> tanh) * 0.5 + h * 0.5}
model: x -> recurrent(cell, return_sequences=true) -> lstm(8, return_sequences=true)""",
}
#: bf16 has 8 bits and f16 has 11; a loop adds up gradients in another order, so two of them may differ over ten steps
CLOSE = {"bf16": 2**-6, "f16": 2**-9}


@pytest.fixture
def batch(rng: Any) -> Batch:
    return Batch({"x": rng.random((4, 6, 8), "float32")}, {"output": rng.random((4, 6, 8), "float32")})


def emitted(model: Model, precision: str) -> Any:
    """The model that the emitted script trains."""
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(compile(emit(model, train=True), "emitted", "exec"), names)
    with layers_compute_in(precision):
        made = names["build_model"]()
    names["compile_model"](made)
    made.jit_compile = True
    return made


def begun(engine: Engine, program: Program, arrays: Any, optimizer: Any) -> Training:
    assert program.model.plan is not None
    return engine.compile_training(program, arrays, build_loss(program.model.plan.losses), optimizer, [])


def losses(training: Training, batch: Batch, steps: int) -> list[float]:
    found = []
    for _ in range(steps):
        training.reset_metrics()
        training.step(batch)
        found.append(training.results()["loss"])
    return found


@pytest.mark.parametrize(
    ("title", "precision"), [*((title, "bf16") for title in SPECS), ("a loop that begins with f32", "f16")]
)
def test_ten_steps_are_those_of_keras(engine: Engine, start: Start, batch: Batch, title: str, precision: str) -> None:
    import keras

    model = compile_spec(HEAD + SPECS[title] + TAIL % precision)
    programs = [Program(model, engine, Target(repeat=repeat, precision=precision)) for repeat in ("scan", "unroll")]
    arrays, keras_model = start(programs[0], 3), emitted(model, precision)
    for path, variable in pair_variables(programs[0], keras_model).items():
        variable.assign(arrays[path])
    expected = [float(keras_model.train_on_batch(batch.inputs["x"], batch.targets["output"])) for _ in range(10)]
    for program in programs:
        optimizer = scaling_losses(keras.optimizers.SGD(0.02), precision)
        found = losses(begun(engine, program, arrays, optimizer), batch, 10)
        np.testing.assert_allclose(found, expected, rtol=CLOSE[precision])


def compiled(engine: Engine, text: str, **settings: str) -> tuple[Program, Training]:
    """As `netwright train` has it."""
    model = compile_spec(HEAD + text)
    assert model.plan is not None
    program, training, _ = compile_run(model, model.plan, Settings(Target(engine.name, "cpu", **settings)), 0)
    return program, training


def test_f16_skips_steps_whose_gradients_are_not_finite(engine: Engine, batch: Batch) -> None:
    """The loss is multiplied by 2^15 at first, and by half of it after each step that is skipped."""
    _, training = compiled(engine, "model: x -> dense(8)" + TAIL % "f16")
    far = Batch(batch.inputs, {"output": batch.targets["output"] * 0 + 3000})
    first = training.arrays()["dense/kernel"]
    assert first.dtype == "float32"
    training.step(far)
    np.testing.assert_array_equal(training.arrays()["dense/kernel"], first)
    for _ in range(12):
        training.step(far)
    assert np.abs(training.arrays()["dense/kernel"] - first).min() > 0


def test_the_spec_says_unless_told_otherwise(engine: Engine) -> None:
    text = "model: x -> dense(8)" + TAIL % "bf16"
    assert compiled(engine, text)[0].precision == "bf16"
    assert compiled(engine, text, precision="f32")[0].precision == "f32"


def test_a_run_in_bf16_is_near_that_in_f32(engine: Engine, batch: Batch) -> None:
    model = compile_spec(HEAD + "model: x -> (dense(8) -> tanh -> dropout(0.1 * i) for i in range(1, 4))\n")
    exact, found = (
        run(model, batch.inputs, target=Target(engine.name, precision=each))["output"] for each in ("f32", "bf16")
    )
    assert found.dtype == "float32"
    assert 0 < np.abs(found - exact).max() < 0.02


def test_externs_compute_in_bf16_too(engine: Engine, rng: Any) -> None:
    model = compile_spec(Path(__file__).parents[1] / "keras" / "specs" / "externs.yaml")
    inputs = {"x": rng.random((2, 5, 6), "float32")}
    exact, found = (
        run(model, inputs, target=Target(engine.name, precision=each, allow_extern=("acme",)))["output"]
        for each in ("f32", "bf16")
    )
    np.testing.assert_allclose(found, exact, rtol=0.05, atol=0.05)


def test_attention_in_f16_on_the_cpu(engine: Engine) -> None:
    model = compile_spec(HEAD + "model: (x, x) -> multi_head_attention(2, 4)\n")
    if engine.name == "jax":
        with pytest.raises(SpecError, match="no multi_head_attention in f16 on the CPU"):
            Program(model, engine, Target(precision="f16"))
    else:
        assert Program(model, engine, Target(precision="f16")).precision == "f16"
