"""First values of weights against those that Keras's initializers draw, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.initialization import derived_seed
from netwright.backends.xla.program import Program

pytestmark = pytest.mark.keras

#: Keras's initializer, its arguments, and the shape of a weight
DRAWN: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("RandomUniform", {"minval": -1, "maxval": 3}, (60_000,)),
    ("RandomNormal", {"mean": 2, "stddev": 0.5}, (60_000,)),
    ("TruncatedNormal", {"mean": 1, "stddev": 2}, (60_000,)),
    ("GlorotUniform", {}, (3, 3, 50, 150)),
    ("GlorotNormal", {}, (200, 300)),
    ("HeNormal", {}, (5, 40, 300)),
    ("HeUniform", {}, (200, 300)),
    ("LecunNormal", {}, (200, 300)),
    ("LecunUniform", {}, (60_000,)),
    ("VarianceScaling", {"scale": 3, "mode": "fan_out", "distribution": "untruncated_normal"}, (200, 300)),
    ("VarianceScaling", {"scale": 3, "mode": "fan_avg", "distribution": "normal"}, (200, 300)),
    ("VarianceScaling", {"input_axes": [0], "output_axes": [1, 2]}, (20, 10, 300)),
]
#: those that hold no chance
FIXED: list[tuple[str, dict[str, Any], tuple[int, ...], str]] = [
    ("Zeros", {}, (2, 3), "bfloat16"),
    ("Ones", {}, (2, 3), "int32"),
    ("Constant", {"value": 0.3}, (2, 3), "float16"),
    ("Identity", {"gain": 2.0}, (3, 3), "float32"),
    ("RandomNormal", {"seed": 7}, (2, 3), "float32"),
]


@pytest.fixture
def keras(engine: Engine) -> Any:
    """Keras on the engine."""
    import keras

    return keras


@pytest.mark.parametrize(("name", "arguments", "shape"), DRAWN)
def test_draws_are_distributed_as_keras_s(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], keras: Any
) -> None:
    from netwright.backends.xla.initializers import first_value

    keras.utils.set_random_seed(5)
    initializer = getattr(keras.initializers, name)(**arguments)
    found = first_value(initializer, shape, "float32", 5)
    expected = keras.ops.convert_to_numpy(initializer(shape))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    spread = expected.std()
    assert abs(found.mean() - expected.mean()) < 0.03 * spread
    assert found.std() == pytest.approx(spread, rel=0.02)
    levels = np.linspace(0, 1, 21)
    differences = np.quantile(found, levels) - np.quantile(expected, levels)
    assert np.abs(differences[1:-1]).max() < 0.04 * spread
    assert np.abs(differences).max() < spread  # the ends of what is cut off are where Keras's are
    assert np.unique(found).size > 0.95 * found.size


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (2, 3, 5), (6, 6)])
def test_orthogonal_rows_or_columns_are_orthonormal(shape: tuple[int, ...], keras: Any) -> None:
    from netwright.backends.xla.initializers import first_value

    found = first_value(keras.initializers.Orthogonal(gain=2.0), shape, "float32", 5).reshape(-1, shape[-1]) / 2
    product = found @ found.T if found.shape[0] < found.shape[1] else found.T @ found
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-6)


@pytest.mark.parametrize(("name", "arguments", "shape", "dtype"), FIXED)
def test_what_holds_no_chance_is_keras_s(
    name: str, arguments: dict[str, Any], shape: tuple[int, ...], dtype: str, keras: Any
) -> None:
    """A seed of the initializer's own is Keras's to draw from."""
    from netwright.backends.xla.initializers import first_value

    initializer = getattr(keras.initializers, name)(**arguments)
    found = first_value(initializer, shape, dtype, None if "seed" in arguments else 5)
    assert found.dtype == dtype
    assert np.array_equal(found, keras.ops.convert_to_numpy(initializer(shape, dtype=dtype)))


def test_a_seed_gives_the_same_on_every_engine(engine: Engine, start: Callable[[Program, int], dict[str, Any]]) -> None:
    program = Program(compile_spec('netwright: 1\ninputs: {x: "f32[N, 8]"}\nmodel: x -> dense(4)\n'), engine)
    drawn = np.random.default_rng(derived_seed(3, "dense/kernel")).random((8, 4), "float32")
    found = start(program, 3)
    np.testing.assert_allclose(found["dense/kernel"], np.sqrt(6 / 12) * (2 * drawn - 1), rtol=1e-6)
    assert not found["dense/bias"].any()
