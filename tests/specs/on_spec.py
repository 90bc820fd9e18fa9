"""Each spec at its reduced size, built by its emitted code and run directly, on the backend of KERAS_BACKEND (see
`test_specs_run.py`). Leaves the outputs in the folder SPEC_OUTPUTS, where those of both backends are compared."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import yaml
from emitted_models import named, one_or_all, output_shapes, shapes_of
from reference_specs import FOLDER, NAMES

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
from netwright.compiler.ir import BodyNode, OpNode, Value

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
HERE = Path(__file__).parent
#: params that make a spec small; an entry `spec/preset` is a member that is run too
REDUCED: dict[str, dict[str, Any]] = yaml.safe_load((HERE / "reduced.yaml").read_text())
MEMBERS = [name for name in REDUCED if "/" in name]
CASES = sorted([*NAMES, *MEMBERS])
STEPS = 10
#: what draws random numbers in training, and how often
DRAWN = re.compile(r"(dropout|stochastic_depth)(\(|=)[\w.]+")
#: of SGD; where batch statistics are over few numbers, or losses large, steps magnify the last digits
RATES = {
    "conv_autoencoder": 1e-6,
    "facenet": 1e-6,
    "inception_v3": 1e-6,
    "lenet5_original": 1e-5,
    "perceptron": 0.1,  # by less, no answer changes
}
RATE = 1e-4
BATCH = 4


@pytest.fixture(scope="session")
def still(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The specs without dropout: emitted and direct training draw other random numbers."""
    folder = tmp_path_factory.mktemp("still")
    for path in FOLDER.rglob("*.yaml"):
        copy = folder / path.relative_to(FOLDER)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(DRAWN.sub(r"\1\g<2>0", path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def nothing_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """First values are zeros: others are given later, and JAX would compile a program for every shape."""

    def replaced(draw: Callable[..., Any]) -> Callable[..., Any]:
        def zeros(shape: Any, *how: Any, dtype: Any = None, **more: Any) -> Any:
            if all(isinstance(dim, int) for dim in shape):
                return keras.ops.zeros(shape, dtype)
            return draw(shape, *how, dtype=dtype, **more)

        return zeros

    module = keras.src.backend.random
    for name in ("normal", "truncated_normal", "uniform"):
        monkeypatch.setattr(module, name, replaced(getattr(module, name)))


@pytest.mark.parametrize("case", CASES)
def test_spec(case: str, still: Path, tmp_path: Path) -> None:
    name, _, preset = case.partition("/")
    params = REDUCED.get(case, {})
    options: dict[str, Any] = {"preset": preset or None, "params": params}
    model = compile_spec(FOLDER / f"{name}.yaml", **options)
    keras_model = emitted(compile_spec(FOLDER / f"{name}.yaml", preset=preset or None)).build_model(**params)
    assert keras_model.count_params() == model.params.total
    assert shapes_of(keras_model) == output_shapes(model)

    rng = np.random.default_rng(0)
    give_weights(keras_model, rng)
    inputs = Inputs(model, rng).arrays()
    found = named(keras_model.predict_on_batch(one_or_all(inputs)))
    expected = {output: np.asarray(array) for output, array in found.items()}
    assert_telling(expected)
    weights = tmp_path / "model.weights.h5"
    keras_model.save_weights(weights)
    found = run(model, inputs, weights, target=Target(NAME, "cpu"))
    for output, wanted in expected.items():
        assert_close(found[output], wanted)

    losses = {}
    if model.plan is not None and model.plan.losses:
        targets = {output: target_for(loss, expected[output], rng) for output, loss in model.plan.losses.items()}
        if any((still / path).read_text() != (FOLDER / path).read_text() for path in files(model)):
            model = compile_spec(still / f"{name}.yaml", **options)
        losses = losses_of(model, weights, inputs, targets)
    file = f"{os.environ['SPEC_OUTPUTS']}/{case.replace('/', '.')}.{NAME}.npz"
    np.savez(file, **expected, **{f"losses {way}": found for way, found in losses.items()})


def files(model: Model) -> list[Path]:
    """The spec's own and those that it uses."""
    paths = [module.spec.source.path for module in model.elaborated.modules]
    return [path.resolve().relative_to(FOLDER) for path in paths if path]


def emitted(model: Model) -> Any:
    """The emitted module, imported."""
    module = type(keras)(model.name)
    exec(compile(emit(model), f"{model.name}.py", "exec"), module.__dict__)
    return module


def give_weights(keras_model: Any, rng: np.random.Generator) -> None:
    """The same on every backend, and no two alike; biases, scales and statistics are positive and far from 0 and 1.
    Layers that do not train keep what the spec gives them."""
    given = {id(weight) for layer in keras_model.layers if not layer.trainable for weight in layer.weights}
    for weight in (weight for weight in keras_model.weights if id(weight) not in given):
        shape = weight.shape
        spread = 1 / np.sqrt(np.prod(shape[:-1]))
        weight.assign(rng.normal(0, spread, shape) if len(shape) > 1 else rng.uniform(0.1, 0.9, shape))


# ---------------------------------------------------------------- inputs


class Inputs:
    """A batch for each input. Symbolic sizes are all different."""

    def __init__(self, model: Model, rng: np.random.Generator) -> None:
        self.values = model.elaborated.inputs
        self.rng = rng
        tensors = model.inputs.values()
        symbols = sorted({str(dim) for tensor in tensors for dim in tensor.shape if isinstance(dim, str)})
        self.sizes = {symbol: BATCH + place for place, symbol in enumerate(symbols)}

    def arrays(self) -> dict[str, Any]:
        return {name: self._array(value) for name, value in self.values.items()}

    def _array(self, value: Value) -> Any:
        """Numbers of tokens, a mask, or examples of brightness 1 to 255; flat ones to 8, as measures are. Softmax that
        saturates has other losses in TensorFlow, where Keras takes what it was made of, than in JAX."""
        shape = [evaluate(dim, self.sizes) for dim in value.type.shape]
        if value.type.dtype == "i32":
            return self.rng.integers(0, min(words(value), default=9), shape).astype("int32")
        if value.type.dtype == "bool":
            return self.rng.random(shape) < 0.7
        brightness = np.geomspace(1, 255 if len(shape) > 2 else 8, shape[0]).reshape(-1, *[1] * (len(shape) - 1))
        return (brightness * self.rng.random(shape)).astype("float32")


def words(value: Value) -> Iterator[int]:
    """How many different numbers each reader of a tensor of integers knows."""
    for node in value.graph.nodes:
        if isinstance(node, OpNode) and value in node.operands:
            known = (getattr(node.op, name, None) for name in ("input_dim", "num_classes", "num_tokens"))
            yield from (number for number in known if isinstance(number, int))
        if isinstance(node, BodyNode):
            for entry, inner in zip(node.entries(), node.body.inputs, strict=True):
                if entry is value:
                    yield from words(inner)


# ---------------------------------------------------------------- outputs


def assert_telling(outputs: dict[str, Any]) -> None:
    """The outputs tell the examples apart; that they are equal elsewhere would say little if not."""
    spreads = [np.ptp(output, axis=0).max() / np.abs(output).max() for output in outputs.values() if output.ndim]
    assert max(spreads) > 1e-3


def assert_close(found: Any, expected: Any) -> None:
    """Equal to 1e-5 of the output's scale."""
    assert np.isfinite(expected).all()
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)


# ---------------------------------------------------------------- training


def target_for(loss: Any, output: Any, rng: np.random.Generator) -> Any:
    """A target that the loss takes."""
    name = loss.name_in_flow
    if name == "ctc":
        return rng.integers(1, output.shape[-1], (len(output), 2))
    if name.startswith("sparse_"):
        return rng.integers(0, output.shape[-1], output.shape[:-1])
    if name.startswith("binary_"):
        return rng.integers(0, 2, output.shape).astype("float32")
    return (output * rng.random(output.shape)).astype("float32")


def losses_of(model: Model, weights: Path, inputs: dict[str, Any], targets: Any) -> dict[str, list[float]]:
    """Those of ten steps of SGD, by way: with loops and without, and those of the emitted model, for which TensorFlow
    needs no XLA. All begin with the same weights, and lower the loss."""
    losses = {target.repeat: trained(model, weights, inputs, targets, target) for target in targets_of(model)}
    if NAME == "tensorflow":
        losses["emitted"] = trained_by_keras(model, weights, inputs, targets)
    first, *others = losses.values()
    for other in others:
        np.testing.assert_allclose(other, first, rtol=1e-4)
    assert np.isfinite(first).all()
    assert min(first[1:]) < first[0]
    return losses


def trained_by_keras(model: Model, weights: Path, inputs: dict[str, Any], targets: Any) -> list[float]:
    """The losses of the emitted model, whose weights move."""
    assert model.plan is not None
    keras_model = emitted(model).build_model()
    keras_model.load_weights(weights)
    losses = {output: keras_object(loss) for output, loss in model.plan.losses.items()}
    several = len(model.outputs) > 1
    keras_model.compile(sgd(model), losses if several else losses["output"], jit_compile=False)
    before = [weight.numpy() for weight in keras_model.trainable_weights]
    batch = one_or_all(inputs), targets if several else targets["output"]
    found = [float(keras_model.train_on_batch(*batch, return_dict=True)["loss"]) for _ in range(STEPS)]
    after = [weight.numpy() for weight in keras_model.trainable_weights]
    assert any(not np.array_equal(*pair) for pair in zip(before, after, strict=True))
    return found


def sgd(model: Model) -> Any:
    return keras.optimizers.SGD(RATES.get(model.name, RATE))


def targets_of(model: Model) -> list[Target]:
    """With loops and without them, where the spec has copies that can be loops."""
    looped = Program(model, load_engine(Target(NAME, "cpu")), Target(repeat="scan"))
    ways = ["unroll", "scan"] if any(entry.counts for entry in looped.layout.entries) else ["auto"]
    return [Target(NAME, "cpu", repeat=way) for way in ways]


def trained(model: Model, weights: Path, inputs: dict[str, Any], targets: Any, target: Target) -> list[float]:
    """The losses of direct training."""
    assert model.plan is not None
    engine = load_engine(target)
    program = Program(model, engine, target)
    arrays = initial_arrays(program, 0, load_weights(program, weights))
    training = engine.compile_training(program, arrays, build_loss(model.plan.losses), sgd(model), [])
    losses = []
    for _ in range(STEPS):
        training.reset_metrics()
        training.step(Batch(inputs, targets))
        losses.append(float(training.results()["loss"]))
    return losses
