"""Owns `netwright run`: arrays by input name in, arrays by output name out, through one XLA program."""

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

    from netwright.compiler.model import Model
    from netwright.compiler.types import TensorType


@memory_faults()
def run(
    model: Model,
    inputs: Mapping[str, Any],
    weights: Path | None = None,
    *,
    target: Target = ANY,
    seed: int = 0,
) -> dict[str, np.ndarray[Any, Any]]:
    """The outputs of a model in inference.

    inputs: an array for each input of the spec. weights: a `.weights.h5` that the emitted model or `train` saved;
    without it, first values that follow from `seed`. Raises ExecutionError where arrays, file, engine or device do not
    fit, or memory is used up."""
    checked = check_inputs({name: value.type for name, value in model.elaborated.inputs.items()}, inputs)
    if weights is not None and not weights.is_file():
        raise ExecutionError(f"{weights}: no such file; expected a .weights.h5 that the emitted model saved")
    from netwright.backends.xla.engines.selection import load_engine, suited

    target = suited(target, model)
    engine = load_engine(target)
    from netwright.backends.xla.folding import folded
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.program import Program
    from netwright.backends.xla.weights import load_weights

    program = Program(model, engine, target)
    loaded = {} if weights is None else load_weights(program, weights)
    with engine.place():
        program, arrays = folded(program, initial_arrays(program, seed, loaded))
    outputs = engine.compile_forward(program)(*program.split(arrays), checked)
    return {name: _as_declared(engine.numpy(outputs[name]), value.type) for name, value in program.outputs.items()}


def _as_declared(array: np.ndarray[Any, Any], type: TensorType) -> np.ndarray[Any, Any]:
    """The array in the output's dtype: JAX computes 64-bit types in 32 bits. NumPy alone has no bfloat16: f32 for
    it."""
    return array.astype("float32" if type.dtype == "bf16" else keras_dtype(type.dtype), copy=False)
