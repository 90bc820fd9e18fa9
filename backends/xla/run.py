"""Owns inference: arrays by input name in, arrays by output name out, through one compiled program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.arrays import check_inputs
from netwright.backends.xla.errors import ExecutionError, memory_faults
from netwright.backends.xla.target import ANY, Target
from netwright.compiler.dtypes import keras_dtype

if TYPE_CHECKING:
    import numpy as np

    from netwright.backends.xla.engines.engine import Compiled, Engine
    from netwright.compiler.ir import Value
    from netwright.compiler.model import Model
    from netwright.compiler.types import TensorType


class Inference:
    """A model in inference: compiled once for each shape of its inputs, and held for many calls."""

    @memory_faults()
    def __init__(
        self,
        model: Model,
        weights: Path | str | None = None,
        *,
        target: Target = ANY,
        seed: int = 0,
        frozen: bool = False,
    ) -> None:
        """weights: a `.weights.h5` that the emitted model or `train` saved; without it, first values that follow from
        `seed`. frozen: the weights become constants where calls are then faster, as on TensorFlow's own kernels; the
        first call with each shape takes seconds longer, and the weights several times their memory. Raises
        ExecutionError where file, engine or device do not fit, or memory is used up."""
        if weights is not None and not Path(weights).is_file():
            raise ExecutionError(f"{weights}: no such file; expected a .weights.h5 that the emitted model saved")
        from netwright.backends.xla.engines.selection import load_engine, suited

        target = suited(target, model)
        self._engine = load_engine(target)
        self._compiled = compile_inference(model, self._engine, target, weights, seed=seed, frozen=frozen)
        self._inputs, self._outputs = _types(model.elaborated.inputs), _types(model.elaborated.outputs)

    @memory_faults()
    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
        """The outputs by name, of an array for each input of the spec. Raises ExecutionError where the arrays do not
        fit, or memory is used up."""
        outputs = self._compiled(check_inputs(self._inputs, inputs))
        return {name: _as_declared(self._engine.numpy(outputs[name]), type) for name, type in self._outputs.items()}


def compile_inference(
    model: Model, engine: Engine, target: Target, weights: Path | str | None = None, *, seed: int, frozen: bool
) -> Compiled:
    """What is compiled for a model, (inputs) -> outputs, with the arguments of `Inference`."""
    from netwright.backends.xla.folding import folded
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.program import Program
    from netwright.backends.xla.weights import load_weights

    program = Program(model, engine, target)
    loaded = {} if weights is None else load_weights(program, Path(weights))
    with engine.place():
        program, arrays = folded(program, initial_arrays(program, seed, loaded))
    return engine.compile_inference(program, arrays, frozen=frozen)


def run(
    model: Model,
    inputs: Mapping[str, Any],
    weights: Path | None = None,
    *,
    target: Target = ANY,
    seed: int = 0,
) -> dict[str, np.ndarray[Any, Any]]:
    """What `Inference` gives for one call. Arrays that do not fit are refused before a framework is imported."""
    checked = check_inputs(_types(model.elaborated.inputs), inputs)
    return Inference(model, weights, target=target, seed=seed)(checked)


def _types(values: Mapping[str, Value]) -> dict[str, TensorType]:
    return {name: value.type for name, value in values.items()}


def _as_declared(array: np.ndarray[Any, Any], type: TensorType) -> np.ndarray[Any, Any]:
    """The array in the output's dtype: JAX computes 64-bit types in 32 bits. NumPy alone has no bfloat16: f32 for
    it."""
    return array.astype("float32" if type.dtype == "bf16" else keras_dtype(type.dtype), copy=False)
