"""Layers that Keras lacks, on the engine of KERAS_BACKEND (see `test_program_engines.py`): the emitted model and direct
execution give what others' formulas and kernels give, and so do their gradients, all under jit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from xla.written_cases import CASES, Case, Read, Reference, bound, numeric_gradient

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program
from netwright.compiler.dims import evaluate

pytestmark = pytest.mark.keras
Arrays = dict[str, Any]


class Run:
    """One case: its spec with symbolic sizes, the emitted module, and arrays for both."""

    def __init__(self, case: Case, engine: Engine, rng: Any, twins: Any) -> None:
        self.case, self.engine = case, engine
        self.model = compile_spec(case.text)
        self.module = _executed(emit(self.model))
        self.keras_model = self.module["build_model"]()
        self.program = Program(self.model, engine)
        self.arrays = twins(self.program, self.keras_model)
        drawn = {name: _array(tensor, case.sizes, rng) for name, tensor in self.program.inputs.items()}
        self.inputs = case.values(rng, drawn)
        self.outputs = self.predicted(self.keras_model)

    def predicted(self, keras_model: Any) -> Arrays:
        outputs = keras_model.predict_on_batch(_for_keras(self.inputs))
        return {name: np.asarray(output) for name, output in _named(outputs).items()}

    def given(self, dtype: str) -> Arrays:
        """Inputs and weights by name, as references take them."""
        named = {path.rpartition("/")[2]: array for path, array in self.arrays.items()} | self.inputs
        return {name: _floats(array, dtype) for name, array in named.items()}

    def references(self) -> dict[str, Any]:
        """Every output by name."""
        given = self.given("float32")
        found: Arrays = {}
        for line, reference in self.case.layers.items():
            made = reference(given)
            found |= zip(bound(line), made if isinstance(made, tuple) else (made,), strict=True)
        return found

    def saved_and_loaded(self, folder: Path) -> Arrays:
        """The outputs of the model that comes back from a file."""
        import keras

        path = folder / "model.keras"
        self.keras_model.save(path)
        return self.predicted(keras.models.load_model(path))

    # ------------------------------------------------------------ gradients

    def floats(self) -> Arrays:
        """Inputs and weights with respect to which there are gradients."""
        return {name: array for name, array in {**self.inputs, **self.arrays}.items() if array.dtype.kind == "f"}

    def gradients(self, factors: Arrays) -> Arrays:
        """Of Σ factor · output over all outputs, in one XLA program."""
        fixed = {name: array for name, array in {**self.inputs, **self.arrays}.items() if array.dtype.kind != "f"}

        def total(moved: Arrays, fixed: Arrays) -> tuple[Any, Any]:
            arrays = {**moved, **fixed}
            inputs = {name: arrays[name] for name in self.inputs}
            outputs = self.program.forward(*self.program.split(arrays), inputs).outputs
            return sum(_sum(outputs[name] * factor) for name, factor in factors.items()), ()

        _, gradients = _jit(self.engine, self.engine.value_and_grad(total))(self.floats(), fixed)
        return {name: np.asarray(gradient) for name, gradient in gradients.items()}

    def numeric_gradient(self, path: str, factors: Arrays) -> Any:
        """The same of the references, with respect to one array."""
        given, name = self.given("float64"), path.rpartition("/")[2]
        total = np.zeros(given[name].shape)
        for line, reference in ({**self.case.layers, **self.case.passes}).items():
            reference(read := Read(given))
            if name in read.names:
                weighted = partial(_weighted, line, reference, given, name, factors)
                total += numeric_gradient(weighted, given[name])
        return total


@pytest.fixture(scope="module", params=CASES)
def run(request: pytest.FixtureRequest, engine: Engine) -> Run:
    return Run(CASES[request.param], engine, np.random.default_rng(0), request.getfixturevalue("module_twins"))


@pytest.fixture(scope="module")
def module_twins() -> Callable[[Program, Any], Arrays]:
    """Arrays for a program, the same in a Keras model; none of them 0."""
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.weights import pair_variables

    def given(program: Program, model: Any) -> Arrays:
        rng = np.random.default_rng(1)
        with program.engine.place():
            arrays = {path: program.engine.numpy(array) for path, array in initial_arrays(program, 7).items()}
        for path, variable in pair_variables(program, model).items():
            arrays[path] = (arrays[path] + rng.uniform(0, 0.1, arrays[path].shape)).astype("float32")
            variable.assign(arrays[path])
        return arrays

    return given


def test_the_emitted_model_gives_what_the_reference_gives(run: Run) -> None:
    for name, expected in run.references().items():
        np.testing.assert_allclose(run.outputs[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


def test_direct_execution_is_the_emitted_model(run: Run) -> None:
    found = run.engine.compile_forward(run.program)(*run.program.split(run.arrays), run.inputs)
    for name, expected in run.outputs.items():
        np.testing.assert_allclose(found[name], expected, rtol=1e-5, atol=1e-5, err_msg=name)


def test_shapes_and_dtypes_are_those_inferred(run: Run) -> None:
    for name, tensor in run.program.outputs.items():
        found = run.outputs[name]
        assert found.shape == tuple(evaluate(dim, run.case.sizes) for dim in tensor.type.shape), name
        assert found.dtype.kind == {"f32": "f", "i32": "i", "bool": "b"}[tensor.type.dtype], name
        symbolic = [dim if isinstance(dim, int) else None for dim in tensor.type.shape]
        assert list(_named(run.keras_model.output)[name].shape) == symbolic, name
    assert run.keras_model.count_params() == run.model.params.total


def test_sizes_that_are_known_are_known_to_keras(run: Run) -> None:
    keras_model = _executed(emit(compile_spec(run.case.with_sizes().text)))["build_model"]()
    for name, found in run.outputs.items():
        batch, *sizes = _named(keras_model.output)[name].shape
        assert batch in (None, found.shape[0]), name
        assert tuple(sizes) == found.shape[1:], name


def test_sizes_may_stay_open_in_a_graph(run: Run) -> None:
    """As when Keras has seen batches of several sizes; JAX compiles for each anew."""
    if run.engine.name == "jax":
        pytest.skip("graphs with open sizes are TensorFlow's")
    import tensorflow as tf

    types = {name: tf.TensorSpec([None] * array.ndim, array.dtype) for name, array in run.inputs.items()}
    graph = tf.function(run.keras_model.call, autograph=False, input_signature=[_for_keras(types)])
    for name, found in _named(graph(_for_keras(run.inputs))).items():
        np.testing.assert_allclose(found, run.outputs[name], rtol=1e-5, atol=1e-5, err_msg=name)


def test_half_precision(run: Run) -> None:
    import keras

    keras.config.set_dtype_policy("float16")
    try:
        keras_model = run.module["build_model"]()
    finally:
        keras.config.set_dtype_policy("float32")
    for name, found in run.predicted(keras_model).items():
        assert found.shape == run.outputs[name].shape, name
        assert found.dtype.kind == run.outputs[name].dtype.kind, name
        assert np.isfinite(found).all(), name


def test_gradients_are_those_of_the_reference(run: Run) -> None:
    rng = np.random.default_rng(2)
    floats = {name: array for name, array in run.outputs.items() if array.dtype.kind == "f"}
    factors = {name: rng.uniform(0.5, 1, array.shape).astype("float32") for name, array in floats.items()}
    found = run.gradients(factors) if factors else {}
    for path in found:
        expected = run.numeric_gradient(path, factors)
        np.testing.assert_allclose(found[path], expected, rtol=1e-4, atol=1e-4, err_msg=path)


def test_a_saved_model_loads(run: Run, tmp_path: Path) -> None:
    for name, found in run.saved_and_loaded(tmp_path).items():
        np.testing.assert_array_equal(found, run.outputs[name], err_msg=name)


def test_stochastic_depth_drops_whole_examples_and_scales_the_rest(engine: Engine, program_of: Any, start: Any) -> None:
    lines = "y = x -> stochastic_depth(0.4, seed=3)\n  z = x -> stochastic_depth(0.4, batch)"
    program = program_of(f'inputs: {{x: "f32[N, 3]"}}\noutputs: [y, z]\nmodel: |\n  {lines}\n')
    _, state = program.split(start(program, 0))
    forward = _jit(engine, lambda state, x: program.forward({}, state, {"x": x}, training=True).outputs)
    found = {name: np.asarray(output) for name, output in forward(state, np.ones((1000, 3), "float32")).items()}
    np.testing.assert_array_equal(found["y"], found["y"][:, :1].repeat(3, 1))
    np.testing.assert_allclose(np.unique(found["y"]), [0, 1 / 0.6], rtol=1e-6)
    assert abs((found["y"] > 0).mean() - 0.6) < 0.05
    assert len(np.unique(found["z"])) == 1


# ---------------------------------------------------------------- of a case


def _weighted(line: str, reference: Reference, given: Arrays, name: str, factors: Arrays, array: Any) -> Any:  # noqa: PLR0917
    """Σ factor · output over what the line binds, with another array in the place of one."""
    made = reference({**given, name: array})
    outputs = zip(bound(line), made if isinstance(made, tuple) else (made,), strict=True)
    return sum((output * factors[each]).sum() for each, output in outputs if each in factors)


def _for_keras(inputs: Arrays) -> Any:
    """Inputs as a Keras model takes them: one alone goes without its name."""
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def _named(outputs: Any) -> Arrays:
    """The outputs of a Keras model by name; one alone goes without."""
    return outputs if isinstance(outputs, dict) else {"output": outputs}


def _executed(text: str) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(text, namespace)
    return namespace


def _array(tensor: Any, sizes: dict[str, int], rng: Any) -> Any:
    shape = [evaluate(dim, sizes) for dim in tensor.type.shape]
    return (
        rng.normal(size=shape).astype("float32") if tensor.type.dtype == "f32" else rng.integers(0, 5, shape, "int32")
    )


def _floats(array: Any, dtype: str) -> Any:
    return np.asarray(array, dtype) if array.dtype.kind == "f" else array


def _sum(tensor: Any) -> Any:
    from keras import ops

    return ops.sum(tensor)


def _jit(engine: Engine, function: Callable[..., Any]) -> Callable[..., Any]:
    if engine.name == "jax":
        import jax

        return jax.jit(function)
    return engine.compiled(function)  # type: ignore[attr-defined]
