"""Owns finding what first gave something that is no finite number: the step or batch, and in it the input, operator,
part of the loss, or gradient. Its programs tell that of everything that they compute; a run's own do not, since looking
costs waiting."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from netwright.backends.xla.engines.engine import Batch, Training
from netwright.backends.xla.layout import Place
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.objective import Objective
from netwright.backends.xla.program import Program
from netwright.compiler.ir import Node

#: what an array holds at worst, by the number that a program gives for it
_KINDS = ("finite", "inf", "nan")
#: the number of a step or batch, from 0, and what gave what there
Found = tuple[int, str]


def find_bad_step(training: Training, steps: Iterable[tuple[int, Batch]]) -> Found | None:
    """The first step whose loss, or what it made of the weights, is not finite. The run takes these steps."""
    before = training.arrays()
    for step, batch in steps:
        training.reset_metrics()
        training.step(batch)
        after = training.arrays()
        loss = training.results()["loss"]
        moved = bad_weight(training.objective.program, after)
        if moved or not math.isfinite(loss):
            fault = _fault(training.objective, before, batch, training=True)
            return step, fault or (f"the optimizer's step made {moved}" if moved else f"it is {loss}")
        before = after
    return None


def find_bad_batch(training: Training, batches: Iterable[Batch]) -> Found | None:
    """The first batch whose loss in inference is not finite."""
    for number, batch in enumerate(batches):
        training.reset_metrics()
        training.evaluate(batch)
        loss = training.results()["loss"]
        if not math.isfinite(loss):
            return number, _fault(training.objective, training.arrays(), batch, training=False) or f"it is {loss}"
    return None


def bad_weight(program: Program, arrays: Arrays) -> str | None:
    """`dense/kernel (spec.yaml:21) nan` of the first weight that is not finite."""
    import numpy as np

    for place in (place for place in program.places if place.slot.trainable):
        array = arrays[place.path]
        if not np.isfinite(array).all():
            return f"{_named(place)} {_KINDS[1 + int(np.isnan(array).any())]}"
    return None


def _fault(objective: Objective, arrays: Arrays, batch: Batch, *, training: bool) -> str | None:
    """`blocks[3]/dense (spec.yaml:21) gave nan` of the first thing computed from the batch that is not finite."""
    objective = replace(objective, program=objective.program.laid_out())
    engine = objective.program.engine
    names: list[str] = []

    def looked(weights: Arrays, state: Arrays, *given: Any) -> Any:
        looks = Looks()
        (_differentiate if training else _evaluate)(objective, looks, weights, state, Batch(*given))
        names[:] = looks.names
        return looks.kinds()

    sample_weights = () if batch.weights is None else (batch.weights,)
    split = objective.program.split(arrays)
    with engine.place():
        kinds = engine.numpy(engine.compiled(looked)(*split, batch.inputs, batch.targets, *sample_weights))
    pairs = zip(names, kinds.tolist(), strict=True)
    return next((f"{name} {_KINDS[kind]}" for name, kind in pairs if kind), None)


def _evaluate(objective: Objective, looks: Looks, weights: Arrays, state: Arrays, batch: Batch) -> None:
    _total(objective, looks, weights, state, batch, training=False)


def _differentiate(objective: Objective, looks: Looks, weights: Arrays, state: Arrays, batch: Batch) -> None:
    """The gradients come in the order in which the backward pass reaches their operators."""

    def total(weights: Arrays) -> tuple[Any, Any]:
        forward = Looks()
        found = _total(objective, forward, weights, state, batch, training=True)
        looks.names += forward.names
        return found, forward.kinds()

    (_, kinds), gradients = objective.program.engine.value_and_grad(total)(weights)
    looks.take(kinds)
    for entry in reversed(objective.program.layout.weights):
        looks.at(f"the gradient of {_named(entry.places[0])} is", gradients[entry.path])


def _total(objective: Objective, looks: Looks, weights: Arrays, state: Arrays, batch: Batch, *, training: bool) -> Any:
    for name, array in batch.inputs.items():
        looks.at(f"the input {name} holds", array)
    for name, array in batch.targets.items():
        looks.at(f"the target {name} holds", array)
    result = objective.program.forward(weights, state, batch.inputs, training=training, observe=looks.at_node)
    parts = objective.parts(result, weights, batch)
    for name, part in parts.items():
        looks.at(f"{name} is", part)
    return sum(parts.values())


class Looks:
    """What is looked at, in order, while a program is traced: how a message calls it, and the worst that it holds."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._kinds: list[Any] = []

    def at(self, name: str, *arrays: Any) -> None:
        """Look at arrays; integers are always finite."""
        import keras

        kinds = [_kind(array) for array in arrays if "float" in keras.backend.standardize_dtype(array.dtype)]
        if kinds:
            self.names.append(name)
            self.take(keras.ops.max(keras.ops.stack(kinds), keepdims=True))

    def at_node(self, path: str, node: Node, outputs: Sequence[Any]) -> None:
        """Look at what a node of the graph gave."""
        self.at(f"{path} ({_line(node)}) gave", *outputs)

    def take(self, kinds: Any) -> None:
        """What looking at something found already."""
        self._kinds.append(kinds)

    def kinds(self) -> Any:
        """The worst of each, as one array of numbers."""
        import keras

        return keras.ops.concatenate(self._kinds)


def _kind(array: Any) -> Any:
    from keras import ops

    return ops.where(ops.any(ops.isnan(array)), 2, ops.where(ops.any(ops.isinf(array)), 1, 0))


def _named(place: Place) -> str:
    return f"{place.path} ({_line(place.site.node)})"


def _line(node: Node) -> str:
    return f"{node.span.source.name}:{node.span.line}"
