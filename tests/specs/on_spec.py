"""Each spec at its reduced size, built by its emitted code and run directly, on the backend of KERAS_BACKEND (see
`test_specs_run.py`). Leaves the outputs in the folder SPEC_OUTPUTS, where those of both backends are compared."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Batch
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.initialization import initial_arrays
from netwright.backends.xla.program import Program
from netwright.backends.xla.run import run
from netwright.backends.xla.target import Target
from netwright.backends.xla.training.figures import build_loss
from netwright.backends.xla.weights import load_weights
from netwright.compiler.dims import evaluate
from netwright.compiler.types import TensorType

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
HERE = Path(__file__).parent
SPECS = sorted((HERE.parents[1] / "specs").glob("*.yaml"))
REDUCED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "reduced.yaml").read_text())
STEPS = 12
#: of SGD; where batch statistics are over few numbers, steps magnify the last digits
RATES = {"facenet": 1e-6, "inception_v3": 1e-6, "lenet5_original": 1e-5}
RATE = 1e-4
BATCH = 4


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_spec(spec: Path, tmp_path: Path) -> None:
    params = REDUCED.get(spec.stem, {})
    model = compile_spec(spec, params=params)
    keras_model = emitted(compile_spec(spec)).build_model(**params)
    assert keras_model.count_params() == model.params.total
    assert keras_model.output_shape == tuple(None if isinstance(dim, str) else dim for dim in output_of(model).shape)

    rng = np.random.default_rng(0)
    give_weights(keras_model, rng)
    inputs = {name: array_of(value.type, model, rng) for name, value in model.elaborated.inputs.items()}
    expected = keras_model.predict_on_batch(taken(inputs))
    np.save(f"{os.environ['SPEC_OUTPUTS']}/{spec.stem}.{NAME}.npy", expected)

    weights = tmp_path / "model.weights.h5"
    keras_model.save_weights(weights)
    targets = targets_for(model, expected, rng)
    for target in targets_of(model):
        assert_close(run(model, inputs, weights, target=target)["output"], expected)
    assert_trains_alike(compile_spec(without_dropout(spec, tmp_path), params=params), weights, inputs, targets)
    assert_learns(model, keras_model, inputs, targets)


def targets_of(model: Model) -> list[Target]:
    """With loops and without them, where the spec has copies that can be loops."""
    looped = Program(model, load_engine(Target(NAME, "cpu")), Target(repeat="scan"))
    ways = ["unroll", "scan"] if any(entry.counts for entry in looped.layout.entries) else ["auto"]
    return [Target(NAME, "cpu", repeat=way) for way in ways]


def emitted(model: Model) -> Any:
    """The emitted module, imported."""
    module = type(keras)(model.name)
    exec(compile(emit(model), f"{model.name}.py", "exec"), module.__dict__)
    return module


def output_of(model: Model) -> Any:
    assert list(model.outputs) == ["output"]
    return model.outputs["output"]


def give_weights(keras_model: Any, rng: np.random.Generator) -> None:
    """The same on every backend, and no two alike; biases, scales and statistics are positive and far from 0 and 1."""
    for weight in keras_model.weights:
        shape = weight.shape
        spread = 1 / np.sqrt(np.prod(shape[:-1]))
        weight.assign(rng.normal(0, spread, shape) if len(shape) > 1 else rng.uniform(0.1, 0.9, shape))


def array_of(type: TensorType, model: Model, rng: np.random.Generator) -> Any:
    """A batch for an input: token numbers, or examples of brightness 1 to 255. Symbolic sizes are all different."""
    symbols = sorted({str(dim) for tensor in model.inputs.values() for dim in tensor.shape if isinstance(dim, str)})
    sizes = {symbol: BATCH + place for place, symbol in enumerate(symbols)}
    shape = [evaluate(dim, sizes) for dim in type.shape]
    if type.dtype == "i32":
        return rng.integers(0, 9, shape).astype("int32")
    brightness = np.geomspace(1, 255, BATCH).reshape(-1, *[1] * (len(shape) - 1))
    return (brightness * rng.random(shape)).astype("float32")


def taken(inputs: dict[str, Any]) -> Any:
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def assert_close(found: Any, expected: Any) -> None:
    """Equal to 1e-5 of the outputs' scale; and the outputs tell the examples apart, or that would say little."""
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)
    assert np.ptp(expected, axis=0).max() > 1e-3 * scale


# ---------------------------------------------------------------- training


def targets_for(model: Model, outputs: Any, rng: np.random.Generator) -> Any:
    """Targets that the spec's loss takes."""
    loss = loss_of(model).name_in_flow
    if loss.startswith("sparse_"):
        return rng.integers(0, outputs.shape[-1], outputs.shape[:-1])
    if loss.startswith("binary_"):
        return rng.integers(0, 2, outputs.shape).astype("float32")
    return (outputs * rng.random(outputs.shape)).astype("float32")


def loss_of(model: Model) -> Any:
    assert model.plan is not None
    return model.plan.losses["output"]


def without_dropout(spec: Path, folder: Path) -> Path:
    """A copy, beside the blocks that it uses: emitted and direct training draw other random numbers."""
    shutil.copytree(spec.parent / "blocks", folder / "blocks")
    copy = folder / spec.name
    copy.write_text(re.sub(r"dropout(\(|=)[\w.]+", r"dropout\g<1>0", spec.read_text()))
    return copy


def assert_trains_alike(model: Model, weights: Path, inputs: dict[str, Any], targets: Any) -> None:
    """Ten steps of SGD lose the same as those of the emitted model that begins with the same weights."""
    keras_model = emitted(model).build_model()
    keras_model.load_weights(weights)
    rate = RATES.get(model.name, RATE)
    keras_model.compile(keras.optimizers.SGD(rate), keras_object(loss_of(model)), jit_compile=NAME == "jax")
    expected = [float(keras_model.train_on_batch(taken(inputs), targets)) for _ in range(10)]
    for target in targets_of(model):
        engine = load_engine(target)
        program = Program(model, engine, target)
        arrays = {**initial_arrays(program, 0), **load_weights(program, weights)}
        loss = build_loss({"output": loss_of(model)})
        training = engine.compile_training(program, arrays, loss, keras.optimizers.SGD(rate), [])
        found = []
        for _ in range(10):
            training.reset_metrics()
            training.step(Batch(inputs, {"output": targets}))
            found.append(training.results()["loss"])
        np.testing.assert_allclose(found, expected, rtol=1e-4)


def assert_learns(model: Model, keras_model: Any, inputs: dict[str, Any], targets: Any) -> None:
    """A step with the spec's loss and optimizer moves every weight that trains, and some steps on one batch lower the
    loss. The learning rate is for small nets: those of the specs are for large batches of the real ones."""
    assert model.plan is not None
    assert model.plan.optimizer is not None
    keras.utils.set_random_seed(0)
    optimizer = keras_object(model.plan.optimizer, learning_rate=2e-3)
    # outside of XLA, TensorFlow is quicker here; JAX without it would compile each operation by itself
    keras_model.compile(optimizer, keras_object(loss_of(model)), jit_compile=NAME == "jax")
    before = [weight.numpy() for weight in keras_model.trainable_weights]
    losses = [float(keras_model.train_on_batch(taken(inputs), targets))]
    after = [weight.numpy() for weight in keras_model.trainable_weights]
    assert any(not np.array_equal(*pair) for pair in zip(before, after, strict=True))
    losses += [float(keras_model.train_on_batch(taken(inputs), targets)) for _ in range(STEPS)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < losses[0]
