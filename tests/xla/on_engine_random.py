"""Functions of keras.random run directly and in the emitted Keras model, on the engine of KERAS_BACKEND (see
`test_program_engines.py`): with one seed the same numbers, at each call others."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xla.on_engine_functions import family

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.dsl.diagnostics import SpecError

pytestmark = pytest.mark.keras

INPUTS = {"x": "f32[2, 6]", "y": "f32[3, 2, 4]"}
LOGITS = {"logits": "f32[2, 6]", "dropped": "f32[4, 8]", **INPUTS}
SEEDED = (
    "x + random.normal(x.shape, stddev=0.5, seed=1)",
    "random.truncated_normal([2, 3], seed=2) + x[:, :3]",
    "random.uniform([y.shape[0], 5], -1, 1, seed=3)",
    "random.randint([2, 3], 0, 9, seed=5)",
    "logits -> random.categorical(5, seed=6)",
    "y -> random.shuffle(axis=1, seed=7)",
    "dropped -> random.dropout(0.5, seed=8)",
    "x -> random.dropout(0.5, [none, 1], seed=9)",
)
ON_JAX = (
    "random.gamma([2, 3], 0.5, seed=9)",
    "random.beta([2, 3], 0.5, 2, seed=10)",
    "random.binomial([7], 9, 0.3, seed=4)",
)


def spec(text: str) -> Model:
    return compile_spec("netwright: 1\nname: t\n" + text)


def emitted(model: Model) -> Any:
    """The emitted model, compiled by XLA: TensorFlow's own kernels draw other numbers."""
    namespace: dict[str, Any] = {}
    exec(emit(model), namespace)
    model = namespace["build_model"]()
    model.compile(jit_compile=True)
    return model


def test_with_a_seed_both_draw_the_same(engine: Engine, rng: Any, twins: Any) -> None:
    """And both have the same gradients: dropout's are the factors of what is kept, twice what they were, shuffle's the
    factors in another order; indices that are drawn have none."""
    slopes = family(LOGITS, *SEEDED).check(engine, rng, twins, gradients=True, compiled=True)
    kept = slopes["dropped"] != 0
    assert 0 < kept.sum() < kept.size
    np.testing.assert_allclose(slopes["dropped"][kept], 2 * np.cos(np.arange(32.0)).reshape(4, 8)[kept], rtol=1e-5)
    np.testing.assert_allclose(np.sort(slopes["y"], axis=None), np.sort(np.cos(np.arange(24.0))), rtol=1e-4)
    assert not slopes["logits"].any()


#: functions that layers hold on to, and what these read: arguments of blocks, variables of loops
HELD = """
inputs: {x: "f32[N, 6]", y: "f32[3, 2, 4]"}
blocks:
  x -> padded(n): |
    normal = random.normal([x.shape[0], n], seed=n)
    (x, normal) -> concatenate(axis=1)
  x -> curved(smooth): |
    x -> dense(4, activation=gelu(approximate=smooth))
outputs: [a, b, c, d]
model: |
  a = x -> (padded(n) for n in [1, 2]) -> padded(2)
  b = x * zeros([x.shape[0], 1])
  c = x -> (dense(4, activation=gelu(approximate=each)) for each in [true, false]) -> curved(true) -> curved(false)
  d = random.normal([x.shape[0], 3], seed=4) + random.normal([x.shape[0], 3], seed=4) + (y -> sum)
"""


@pytest.mark.parametrize("given", [family(LOGITS, *SEEDED).compiled(), spec(HELD)], ids=["seeds", "functions"])
def test_a_saved_model_draws_the_same(engine: Engine, rng: Any, tmp_path: Path, given: Model) -> None:
    """Keras saves no state of a seed's, so both begin anew."""
    import keras

    shapes = {name: [3 if dim == "N" else dim for dim in tensor.shape] for name, tensor in given.inputs.items()}
    inputs = {name: rng.random(shape, "float32") for name, shape in shapes.items()}
    model = emitted(given)
    model.save(tmp_path / "model.keras")
    found = keras.models.load_model(tmp_path / "model.keras").predict_on_batch(inputs)
    for name, wanted in model.predict_on_batch(inputs).items():
        np.testing.assert_array_equal(found[name], wanted, err_msg=name)


def test_what_runs_on_jax_alone(engine: Engine, rng: Any, twins: Any) -> None:
    if engine.name == "jax":
        family(INPUTS, *ON_JAX).check(engine, rng, twins)
        return
    for line in ON_JAX:
        with pytest.raises(SpecError, match="XLA cannot run"):
            family(INPUTS, line).check(engine, rng, twins)


TEXT = """
inputs: {x: "f32[N, 6]"}
blocks:
  x -> noisy(spread): |
    x + random.normal(x.shape, stddev=spread)
model: |
  x -> noisy(0.1) * 2 -> random.shuffle(axis=1)
"""


def test_each_call_draws_anew(engine: Engine, program_of: Any, start: Any) -> None:
    program = program_of(TEXT)
    arrays = start(program, 7)
    first, second, _ = arrays.values()
    assert not np.array_equal(first, second)
    forward = engine.compile_forward(program)
    x = np.zeros([4, 6], "float32")
    weights, state = program.split(arrays)
    one, again = (engine.numpy(forward(weights, state, {"x": x})["output"]) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    moved = program.forward(weights, state, {"x": x}).state
    assert not any(np.array_equal(engine.numpy(moved[path]), state[path]) for path in state)


def test_each_call_of_the_emitted_model_draws_anew(engine: Engine) -> None:
    import keras

    model = emitted(spec(TEXT))
    x = np.zeros([4, 6], "float32")
    drawn = [keras.ops.convert_to_numpy(model(x)), *(model.predict(x, verbose=0) for _ in range(2))]
    assert not any(np.array_equal(one, other) for one, other in pairwise(drawn))
