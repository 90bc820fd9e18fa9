"""Owns the Keras variables of a training run: those of the program's arrays, and those that an optimizer makes for
them. TensorFlow trains them in place; JAX takes their values and knows by them what belongs to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Place, Program
from netwright.dsl.diagnostics import CompilerBug

#: 'weights' | 'state' | 'optimizer' -> path -> variable or array
Held = dict[str, dict[str, Any]]


def held_variables(program: Program, arrays: Arrays, optimizer: Any) -> Held:
    """Variables with copies of the arrays, and those of the optimizer, which this builds."""
    weights = {place.path: _variable(place, arrays) for place in program.weight_places}
    state = {place.path: _variable(place, arrays) for place in program.state_places}
    optimizer.build(list(weights.values()))
    slots = {f"{index}.{variable.name}": variable for index, variable in enumerate(optimizer.variables)}
    return {"weights": weights, "state": state, "optimizer": slots}


def _variable(place: Place, arrays: Arrays) -> Any:
    import keras

    if place.path not in arrays:
        raise CompilerBug(f"no array is given for {place.path}")
    value = keras.ops.copy(keras.ops.convert_to_tensor(arrays[place.path]))
    name = re.sub(r"[^A-Za-z0-9_.]", "_", place.path)  # optimizers choose by name, TensorFlow takes no others
    variable = keras.Variable(value, dtype=place.slot.variable.dtype, trainable=place.slot.trainable, name=name)
    variable.constraint = place.slot.variable.constraint
    return variable


def flat(held: Mapping[str, Mapping[str, Any]]) -> Arrays:
    """'weights' -> path -> array as 'weights/path' -> array."""
    return {f"{section}/{path}": value for section, values in held.items() for path, value in values.items()}


def check_snapshot(held: Held, snapshot: Mapping[str, Any]) -> None:
    """Raise ExecutionError if the snapshot's names or shapes are not those that the run holds."""
    expected = {name: tuple(value.shape) for name, value in flat(held).items()}
    found = {name: tuple(value.shape) for name, value in snapshot.items()}
    wrong = [name for name in expected if found.get(name) != expected[name]] or [n for n in found if n not in expected]
    if wrong:
        name = wrong[0]
        message = f"the snapshot is of another model or optimizer: {name}: found {_shape(found.get(name))}, expected "
        raise ExecutionError(message + _shape(expected.get(name)))


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else f"shape {list(shape)}"


def check_loaded(held: Held, arrays: Mapping[str, Any]) -> None:
    """Raise CompilerBug if the arrays are not the program's: whoever gives them has checked a user's file already."""
    for path, value in (held["weights"] | held["state"]).items():
        if path not in arrays or tuple(arrays[path].shape) != tuple(value.shape):
            raise CompilerBug(f"{path}: expected an array of shape {tuple(value.shape)}")
