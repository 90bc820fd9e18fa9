"""What the checks on an engine share: the engine that KERAS_BACKEND names, programs and batches."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Batch, Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target


@pytest.fixture(scope="session")
def engine() -> Engine:
    from netwright.backends.xla.engines.selection import load_engine

    return load_engine(Target(os.environ["KERAS_BACKEND"], "cpu"))


@pytest.fixture
def program_of(engine: Engine) -> Callable[[str], Program]:
    """The program of a spec, given from its `inputs` on."""
    return lambda text: Program(compile_spec("netwright: 1\nname: t\n" + text), engine)


@pytest.fixture
def rng() -> Any:
    """Random numbers, the same each time."""
    import numpy as np

    return np.random.default_rng(0)


@pytest.fixture
def start(engine: Engine) -> Callable[[Program, int], dict[str, Any]]:
    """The first arrays of a program, as NumPy's."""
    from netwright.backends.xla.initialization import initial_arrays

    def started(program: Program, seed: int) -> dict[str, Any]:
        with engine.place():
            return {path: engine.numpy(array) for path, array in initial_arrays(program, seed).items()}

    return started


@pytest.fixture
def twins(start: Callable[[Program, int], dict[str, Any]], rng: Any) -> Callable[[Program, Any], dict[str, Any]]:
    """Arrays for a program, the same in a Keras model; biases and statistics are other than 0 and 1."""
    from netwright.backends.xla.weights import pair_variables

    def given(program: Program, model: Any) -> dict[str, Any]:
        arrays = start(program, 7)
        for path, variable in pair_variables(program, model).items():
            shape = arrays[path].shape
            arrays[path] = (arrays[path] * rng.uniform(0.9, 1.1, shape) + rng.uniform(0, 0.01, shape)).astype("float32")
            variable.assign(arrays[path])
        return arrays

    return given


@pytest.fixture
def batches(rng: Any) -> Callable[[int], list[Batch]]:
    """Batches of `x: f32[16, 8]` with a `label` of three classes."""

    def made(count: int) -> list[Batch]:
        pairs = [(rng.random((16, 8), "float32"), rng.integers(0, 3, 16)) for _ in range(count)]
        return [Batch({"x": x}, {"label": label}) for x, label in pairs]

    return made
