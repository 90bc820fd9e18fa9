"""Owns the Keras variables of a training run: those of the program's arrays, and those that an optimizer makes for
them. TensorFlow trains them in place; JAX takes their values and knows by them what belongs to what."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.layout import Entry
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Program

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine

#: 'weights' | 'state' | 'optimizer' -> path -> variable or array
Held = dict[str, dict[str, Any]]


def held_variables(program: Program, arrays: Arrays, optimizer: Any) -> Held:
    """Variables with copies of the arrays, and those of the optimizer, which this builds. The copies of a loop are one
    variable where the optimizer moves every number by itself, and else each its own."""
    layout, engine = program.layout, program.engine
    weights: dict[str, Any] = {}
    stacks = moves_each_number(optimizer)
    for entry in layout.weights:
        value = entry.stacked(arrays)
        whole = stacks and entry.slot.variable.constraint is None
        values = {entry.path: value} if whole else entry.copies(value)
        weights |= {path: _variable(engine, entry, path, each) for path, each in values.items()}
    state = {entry.path: _variable(engine, entry, entry.path, entry.stacked(arrays)) for entry in layout.state}
    first = engine.at_once(lambda: _first_slots(optimizer, list(weights.values())))
    for variable, value in zip(optimizer.variables, first, strict=True):
        variable.assign(value)
    slots = {f"{index}.{variable.name}": variable for index, variable in enumerate(optimizer.variables)}
    return {"weights": weights, "state": state, "optimizer": slots}


def _first_slots(optimizer: Any, weights: list[Any]) -> list[Any]:
    """What the optimizer's variables hold once it is built for these."""
    optimizer.build(weights)
    return [variable.value for variable in optimizer.variables]


def _variable(engine: Engine, entry: Entry, path: str, value: Any) -> Any:
    import keras

    name = re.sub(r"[^A-Za-z0-9_.]", "_", path)  # optimizers choose by name, TensorFlow takes no others
    slot = entry.slot
    copied = np.array(engine.numpy(value))
    variable = keras.Variable(engine.put(copied), dtype=slot.variable.dtype, trainable=slot.trainable, name=name)
    variable.constraint = slot.variable.constraint
    return variable


#: optimizers whose step for a number does not depend on others of its array
_ELEMENTWISE = frozenset("SGD Adam AdamW Adamax Nadam RMSprop Adagrad Adadelta Ftrl Lion".split())


def moves_each_number(optimizer: Any) -> bool:
    """Whether arrays may be stacked without changing what the optimizer does with them."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return type(inner).__name__ in _ELEMENTWISE and inner.clipnorm is None


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
        shapes = f"found {_shape(found.get(name))}, expected {_shape(expected.get(name))}"
        message = f"the snapshot is of another model or optimizer, or of one with other loops: {name}: {shapes}"
        raise ExecutionError(message, help="give the spec, --set, --engine and --repeat that the run began with")


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else f"shape {list(shape)}"
