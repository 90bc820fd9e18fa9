"""Externs on the engine of KERAS_BACKEND (see `test_program_engines.py`): the class that a spec names is called as the
emitted model calls it, and held to what the spec declares of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.weights import load_weights, pair_variables, save_model, save_weights
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras
SPEC = Path(__file__).parents[1] / "keras" / "specs" / "externs.yaml"
ALLOWED = ("acme",)


def emitted(program: Program) -> Any:
    namespace: dict[str, Any] = {}
    exec(emit(program.model), namespace)
    return namespace["build_model"]()


@pytest.fixture(scope="module")
def program(engine: Engine) -> Program:
    return Program(compile_spec(SPEC), engine, Target(allow_extern=ALLOWED))


def test_outputs_are_the_emitted_model_s(program: Program, engine: Engine, twins: Any, rng: Any) -> None:
    model = emitted(program)
    assert model.count_params() == program.model.params.total
    arrays = twins(program, model)
    x = rng.random((2, 5, 6), "float32")
    found = engine.compile_forward(program)(*program.split(arrays), {"x": x})["output"]
    np.testing.assert_allclose(engine.numpy(found), model.predict(x, verbose=0), rtol=1e-5, atol=1e-5)


def test_training_goes_as_in_keras(engine: Engine, start: Any, rng: Any, tmp_path: Path) -> None:
    quiet = SPEC.read_text(encoding="utf-8").replace("rate=0.2", "rate=0")  # both draw dropout otherwise
    program = Program(compile_spec(quiet, params={"rate": 0}), engine, Target(allow_extern=ALLOWED))
    arrays = start(program, 0)
    x = rng.random((16, 4, 6), "float32")
    target = x[..., :4]
    loss = keras.losses.MeanSquaredError()

    def total(outputs: Any, targets: Any, weights: Any) -> Any:
        return loss(targets["y"], outputs["output"])

    training = engine.compile_training(program, arrays, total, keras.optimizers.SGD(0.1), [])
    model = emitted(program)
    for path, variable in pair_variables(program, model).items():
        variable.assign(arrays[path])
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=True)
    losses = []
    for _ in range(3):
        training.reset_metrics()
        training.step(Batch({"x": x}, {"y": target}))
        theirs = model.train_on_batch(x, target)
        losses.append(training.results()["loss"])
        assert losses[-1] == pytest.approx(float(theirs), rel=1e-4)
    assert losses[2] < losses[1] < losses[0]
    moved = training.arrays()
    for path, variable in pair_variables(program, model).items():  # gradients, and the means that are counted
        np.testing.assert_allclose(engine.numpy(moved[path]), variable.numpy(), rtol=1e-4, atol=1e-5, err_msg=path)
    means = [path for path in moved if path.endswith("/mean")]
    assert len(means) == 5
    assert all(np.any(engine.numpy(moved[path])) for path in means)
    save_weights(program, moved, tmp_path / "t.weights.h5")
    save_model(program, moved, tmp_path / "t.keras")
    for path, array in load_weights(program, tmp_path / "t.weights.h5").items():
        np.testing.assert_array_equal(array, engine.numpy(moved[path]))


def test_first_values_follow_from_the_seed_and_the_path(program: Program, start: Any) -> None:
    first, again, other = start(program, 1), start(program, 1), start(program, 2)
    kernels = [path for path in first if path.startswith("gated") and path.endswith("/kernel")]
    assert len(kernels) > 1
    for path in kernels:
        np.testing.assert_array_equal(first[path], again[path])
        assert np.any(first[path] != other[path])
    assert np.any(first[kernels[0]] != first[kernels[1]])


WRONG = """netwright: 1
name: t
inputs: {x: "f32[N, T, 4]"}
externs:
  "x: f32[N, T, C] -> mine: TYPE":
    python: PYTHON
    params: PARAMS
model: |
  x -> mine
"""
FAULTS = {
    "no module": (
        "acme.nowhere:Rotary",
        "0",
        "f32[N, T, C]",
        "cannot be imported from acme.nowhere: ModuleNotFoundError",
    ),
    "no class": ("acme.layers:Nobody", "0", "f32[N, T, C]", "cannot be imported from acme.layers: AttributeError"),
    "no layer": ("acme.layers:NO_LAYER", "0", "f32[N, T, C]", "acme.layers:NO_LAYER is no class of Keras layers"),
    "arguments": ("acme.layers:Gated", "0", "f32[N, T, C]", "Gated fails: TypeError"),
    "raises": ("acme.layers:Broken", "0", "f32[N, T, C]", "Broken fails: RuntimeError"),
    "weights": ("acme.layers:Rotary", "3", "f32[N, T, C]", "`params` is 3 here, and Rotary has 0"),
    "count": ("acme.layers:Rotary", "0", "(f32[N, T, C], f32[N])", "2 tensors declared, and Rotary gives 1"),
    "shape": (
        "acme.layers:Rotary",
        "0",
        "f32[N, T, 2 * C]",
        r"f32\[N, T, 8\] declared, and Rotary gives float32\[\?, \?, 4\]",
    ),
    "rank": ("acme.layers:Rotary", "0", "f32[N, C]", r"f32\[N, 4\] declared, and Rotary gives"),
    "dtype": ("acme.layers:Rotary", "0", "i32[N, T, C]", r"i32\[N, T, 4\] declared, and Rotary gives float32"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_declared_is_said(engine: Engine, fault: str) -> None:
    python, params, type, message = FAULTS[fault]
    text = WRONG.replace("PYTHON", python).replace("PARAMS", params).replace("TYPE", type)
    with pytest.raises(SpecError, match=message) as found:
        Program(compile_spec(text), engine, Target(allow_extern=("acme",)))
    assert found.value.diagnostics[0].span is not None


def test_sizes_that_only_a_run_shows(engine: Engine) -> None:
    text = WRONG.replace("PYTHON", "acme.layers:Late").replace("PARAMS", "0").replace("TYPE", "f32[N, T, C]")
    program = Program(compile_spec(text), engine, Target(allow_extern=("acme.layers",)))
    with pytest.raises(SpecError, match=r"f32\[N, T, 4\] declared, and Late gives float32\[2, 4, 4\]"):
        engine.compile_forward(program)({}, {}, {"x": np.zeros((2, 5, 4), "float32")})


def test_a_name_that_a_class_gives_all_its_layers(engine: Engine) -> None:
    text = (
        WRONG.replace("PYTHON", "acme.layers:Pair")
        .replace("PARAMS", "= C")
        .replace("TYPE", "(f32[N, T, C], f32[N, T])")
    )
    text = text.replace('"x: f32[N, T, C] ->', '"(x: f32[N, T, C], y: f32[N, T, C]) ->').replace("  x -> mine", PAIRS)
    with pytest.raises(SpecError, match="every Pair is called 'pair_of_mine'"):
        Program(compile_spec(text), engine, Target(allow_extern=("acme",)))


PAIRS = """  y, _ = (x, x) -> mine
  (x, y) -> mine
"""


REFUSED = r"mine needs acme\.layers imported, which a spec may not do by itself"


@pytest.mark.parametrize("allowed", [[], ["acm"], ["acme.layers.Rotary"], ["acme.more"]])
def test_nothing_is_imported_that_nobody_allowed(engine: Engine, allowed: list[str]) -> None:
    text = WRONG.replace("PYTHON", "acme.layers:Rotary").replace("PARAMS", "0").replace("TYPE", "f32[N, T, C]")
    with pytest.raises(SpecError, match=REFUSED):
        Program(compile_spec(text), engine, Target(allow_extern=tuple(allowed)))


def test_nor_what_stands_in_a_branch_that_is_not_taken(engine: Engine) -> None:
    """The emitted model has the branch, and so imports the class."""
    text = WRONG.replace("PYTHON", "acme.layers:Rotary").replace("PARAMS", "0").replace("TYPE", "f32[N, T, C]")
    text = text.replace("inputs:", "params: {big: false}\ninputs:").replace("x -> mine", "x -> mine if big else x")
    model = compile_spec(text)
    assert "from acme.layers import Rotary" in emit(model)
    with pytest.raises(SpecError, match=REFUSED):
        Program(model, engine)
