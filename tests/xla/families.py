"""How families of operators are run directly and in the emitted Keras model: the same weights and arrays give the same
outputs and gradients. Each family is one model with an output for each line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program
from netwright.backends.xla.sites import sites_of
from netwright.backends.xla.support import check_compiled
from netwright.backends.xla.weights import pair_variables
from netwright.compiler.model import Model
from netwright.compiler.ops.op import Op, operators_in
from netwright.dsl.diagnostics import SpecError

Arrays = dict[str, Any]


class Family(NamedTuple):
    """`inputs` by name; the lines of a model, whose outputs are the names that they bind; random floats go up to
    `largest`, integers to 8."""

    inputs: dict[str, str]
    lines: tuple[str, ...]
    largest: float = 1.0

    def check(self, engine: Engine, rng: Any, twins: Any, *, gradients: bool = False, compiled: bool = False) -> Arrays:
        """Direct execution gives what the emitted model gives; with `gradients` also those of Σ output · factors with
        respect to all weights and the floats of the inputs, which it returns. `compiled`: whether both are compiled by
        XLA, for what draws other numbers without."""
        model, program = self._built(), Program(self.compiled(), engine)
        assert model.count_params() == program.model.params.total
        _check_loads(model)
        arrays = twins(program, model)
        inputs = {input: self._array(type, rng) for input, type in self.inputs.items()}
        given = {**arrays, **inputs}
        floats = _floats(program, inputs) if gradients else set()
        moved = {name: array for name, array in given.items() if name in floats}
        fixed = {name: array for name, array in given.items() if name not in moved}
        compiled |= engine.name != "tensorflow"  # TensorFlow is faster uncompiled
        expected, slopes = _differentiated(_emitted(program, model), engine, compiled=compiled)(moved, fixed)
        found, own = _differentiated(_direct(program), engine, compiled=True)(moved, fixed)
        for output in program.outputs:
            np.testing.assert_allclose(found[output], expected[output], rtol=1e-5, atol=1e-5, err_msg=output)
        for name in moved:
            np.testing.assert_allclose(own[name], slopes[name], rtol=1e-4, atol=1e-4, err_msg=name)
        return {name: engine.numpy(gradient) for name, gradient in own.items()}

    def check_trained(self, engine: Engine, rng: Any, twins: Any) -> None:
        """The same with gradients, without those of lines that XLA does not train on the engine."""
        trained = self._replace(lines=())
        for line in self.lines:
            more = trained._replace(lines=(*trained.lines, line))
            trained = more if more.is_trained_on(engine) else trained
        trained.check(engine, rng, twins, gradients=True)
        if trained.lines != self.lines:
            self.check(engine, rng, twins)

    def is_trained_on(self, engine: Engine) -> bool:
        """Whether XLA compiles the lines for training there, and none of them needs one that it does not."""
        try:
            graph = self.compiled().elaborated.graph
            assert graph is not None
            check_compiled(sites_of(graph), engine.name, training=True)
        except SpecError:
            return False
        return True

    def check_emitted(self, rng: Any) -> None:
        """The emitted model runs, and gives arrays of the shapes that are inferred."""
        inputs = {input: self._array(type, rng) for input, type in self.inputs.items()}
        made = self._built()(inputs if len(inputs) > 1 else next(iter(inputs.values())), training=True)
        for name, output in self.compiled().outputs.items():
            assert tuple((made[name] if isinstance(made, dict) else made).shape) == output.shape, name

    def _built(self) -> Any:
        namespace: dict[str, Any] = {}
        exec(emit(self.compiled()), namespace)
        return namespace["build_model"]()

    def compiled(self) -> Model:
        """The spec of all lines."""
        inputs = ", ".join(f'{name}: "{type}"' for name, type in self.inputs.items())
        names = [name for line in self.lines for name in line.partition(" = ")[0].split(", ")]
        lines = "".join(f"  {line}\n" for line in self.lines)
        return compile_spec(
            f"netwright: 1\nname: t\ninputs: {{{inputs}}}\noutputs: [{', '.join(names)}]\nmodel: |\n{lines}"
        )

    def operators(self) -> Iterator[type[Op]]:
        """Those that its lines apply, and those in their configuration."""
        graph = self.compiled().elaborated.graph
        assert graph is not None
        for site in sites_of(graph):
            yield from map(type, operators_in(site.node.op))

    def _array(self, type: str, rng: Any) -> Any:
        dtype, _, sizes = type.removesuffix("]").partition("[")
        shape = [int(size) for size in sizes.split(", ") if size]
        if dtype == "str":
            return rng.choice(["a", "b", "a c"], shape)
        return self.largest * rng.random(shape, "float32") if dtype == "f32" else rng.integers(0, 9, shape, "int32")


def family(inputs: dict[str, str], *lines: str, largest: float = 1.0) -> Family:
    """Each line makes an output; one of several tensors, or that others name, says their names."""
    named = [line if " = " in line else f"y{number} = {line}" for number, line in enumerate(lines)]
    return Family(inputs, tuple(named), largest)


def _check_loads(model: Any) -> None:
    """The model comes back from a .keras file, in safe mode, and is the same."""
    import keras

    with TemporaryDirectory() as folder:
        model.save(f"{folder}/model.keras")
        loaded = keras.models.load_model(f"{folder}/model.keras")
    assert _unnumbered(loaded) == _unnumbered(model)
    for weight, expected in zip(loaded.weights, model.weights, strict=True):
        assert np.array_equal(weight.numpy(), expected.numpy()), expected.path


def _unnumbered(model: Any) -> str:
    """Its description but for numbers in names: Keras does not keep those of some operations."""
    return re.sub(r'_\d+"', '"', model.to_json())


def _floats(program: Program, inputs: Arrays) -> set[str]:
    """What gradients are taken with respect to."""
    return {place.path for place in program.layout.weights} | {
        name for name, array in inputs.items() if array.dtype.kind == "f"
    }


# ---------------------------------------------------------------- two ways to the same outputs

Outputs = Callable[[Arrays], Arrays]


def _direct(program: Program) -> Outputs:
    def outputs(given: Arrays) -> Arrays:
        inputs = {name: given[name] for name in program.inputs}
        return program.forward(*program.split(given), inputs).outputs

    return outputs


def _emitted(program: Program, model: Any) -> Outputs:
    paths = {id(variable): path for path, variable in pair_variables(program, model).items()}

    def outputs(given: Arrays) -> Arrays:
        inputs = {name: given[name] for name in program.inputs}
        weights, state = (
            [given[paths[id(variable)]] if id(variable) in paths else variable.value for variable in variables]
            for variables in (model.trainable_variables, model.non_trainable_variables)
        )
        made, _ = model.stateless_call(
            weights, state, inputs if len(inputs) > 1 else next(iter(inputs.values())), training=False
        )
        return made if isinstance(made, dict) else dict.fromkeys(program.outputs, made)

    return outputs


def _differentiated(outputs: Outputs, engine: Engine, *, compiled: bool) -> Callable[[Arrays, Arrays], Any]:
    """(moved, fixed) -> outputs and gradients with respect to what is moved; as one XLA program if `compiled`."""

    def total(moved: Arrays, fixed: Arrays) -> tuple[Any, Arrays]:
        made = outputs({**moved, **fixed})
        return sum(map(_weighed, made.values())), made

    def both(moved: Arrays, fixed: Arrays) -> Any:
        if not moved:
            return outputs(fixed), {}
        (_, made), gradients = engine.value_and_grad(total)(moved, fixed)
        return made, gradients

    return _jit(engine)(both) if compiled else lambda *arrays: both(*map(_tensors, arrays))


def _weighed(output: Any) -> Any:
    """Σ output · factors, 0 for integers."""
    from keras import backend, ops

    if not backend.is_float_dtype(backend.standardize_dtype(output.dtype)):
        return 0.0
    factors = np.cos(np.arange(int(np.prod(output.shape)), dtype="float32")).reshape(output.shape)
    return ops.sum(output * factors)


def _tensors(arrays: Arrays) -> Arrays:
    from keras import ops

    return {name: ops.convert_to_tensor(array) for name, array in arrays.items()}


def _jit(engine: Engine) -> Callable[[Any], Any]:
    if engine.name == "jax":
        import jax

        return jax.jit
    return engine.compiled  # type: ignore[attr-defined, no-any-return]
