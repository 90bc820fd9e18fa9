"""Emitted modules built and run on the backend of KERAS_BACKEND (see `test_emit_backends.py`)."""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from emitted_models import named, one_or_all, output_shapes, shapes_of

from netwright.api import Model, compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.initialization import initial_arrays
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.backends.xla.weights import pair_variables

pytestmark = pytest.mark.keras
NAME = os.environ["KERAS_BACKEND"]
HERE = Path(__file__).parent
GOLDEN = HERE.parent / "golden"
SPECS = sorted((HERE / "specs").glob("*.yaml"))

#: params that make a spec small
SMALL: dict[str, dict[str, Any]] = {
    **yaml.safe_load((HERE.parent / "specs" / "reduced.yaml").read_text()),
    "cells": {"units": 3, "width": 5},
    "choices": {"heads": True},
    "externs": {"D": 4, "rate": 0.2},
}
BATCH, LENGTH = 2, 12


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_module(spec: Path) -> None:
    """The module, written with the spec's defaults and called with other params, is the model compiled with those."""
    params = SMALL.get(spec.stem, {})
    model = compile_spec(spec, params=params)
    keras_model = _module(spec.stem).build_model(**params)
    assert keras_model.count_params() == model.params.total
    assert sum(int(np.prod(weight.shape)) for weight in keras_model.trainable_weights) == model.params.trainable
    assert shapes_of(keras_model) == output_shapes(model)
    for name, found in _outputs(keras_model, _inputs(model)).items():
        assert np.isfinite(found).all(), name
    if spec.stem != "sizes":  # direct execution has no layers with symbolic sizes in their configuration yet
        _assert_equal_outputs(model, keras_model)


#: the modules that have layers or functions of their own, and one that has not
SAVED = sorted(path.stem for path in GOLDEN.glob("*.py") if "@keras.saving" in path.read_text("utf-8"))


@pytest.mark.parametrize("name", [*SAVED, "mnist_mlp"])
def test_a_saved_model_loads(name: str, tmp_path: Path) -> None:
    """What a module builds comes back from a .keras file, in safe mode, where the module is imported."""
    import keras

    keras_model = _module(name).build_model(**SMALL.get(name, {}))
    keras_model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    rng = np.random.default_rng(0)
    given = keras.tree.map_structure(lambda tensor: _filled(rng, tensor), keras_model.input)
    found = named(loaded.predict_on_batch(given))
    for output, wanted in named(keras_model.predict_on_batch(given)).items():
        np.testing.assert_allclose(found[output], wanted, rtol=1e-5, atol=1e-5, err_msg=output)


def _filled(rng: np.random.Generator, tensor: Any) -> Any:
    shape = [dim or (LENGTH if axis else BATCH) for axis, dim in enumerate(tensor.shape)]
    return rng.integers(0, 2, shape) if tensor.dtype == "int32" else rng.random(shape, "float32")


def _module(name: str) -> Any:
    found = spec_from_file_location(name, GOLDEN / f"{name}.py")
    assert found is not None
    assert found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def _inputs(model: Model) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {name: _values(rng, tensor) for name, tensor in model.inputs.items()}


def _values(rng: np.random.Generator, tensor: Any) -> Any:
    shape = [dim if isinstance(dim, int) else LENGTH if index else BATCH for index, dim in enumerate(tensor.shape)]
    return rng.integers(0, 9, shape).astype("int32") if tensor.dtype == "i32" else rng.random(shape, "float32")


def _outputs(keras_model: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    import keras

    outputs = keras_model(one_or_all(inputs))
    return {name: keras.ops.convert_to_numpy(output) for name, output in named(outputs).items()}


def _assert_equal_outputs(model: Model, keras_model: Any) -> None:
    """With the same weights the emitted model and the program that runs the spec directly agree to 1e-5."""
    rng = np.random.default_rng(1)
    engine = load_engine(Target(NAME, "cpu"))
    program = Program(model, engine, Target(allow_extern=("acme",)))
    with engine.place():
        arrays = {path: engine.numpy(array) for path, array in initial_arrays(program, seed=1).items()}
    for path, variable in pair_variables(program, keras_model).items():
        arrays[path] = arrays[path] + rng.uniform(0, 0.1, variable.shape).astype("float32")
        variable.assign(arrays[path])
    inputs = _inputs(model)
    found = engine.compile_forward(program)(*program.split(arrays), inputs)
    for name, wanted in _outputs(keras_model, inputs).items():
        np.testing.assert_allclose(engine.numpy(found[name]), wanted, rtol=1e-5, atol=1e-5)


def test_a_chain_longer_than_python_recurses() -> None:
    model = compile_spec('netwright: 1\nname: deep\ninputs: {x: "f32[N, 2]"}\nmodel: x -> dense(2) * 3000\n')
    namespace: dict[str, Any] = {}
    exec(emit(model), namespace)
    keras_model = namespace["build_model"]()
    assert keras_model.count_params() == model.params.total == 3000 * 6
    assert _outputs(keras_model, {"x": np.zeros((1, 2), "float32")})["output"].shape == (1, 2)
