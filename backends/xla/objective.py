"""Owns what training makes small: the loss of the outputs plus what layers and regularizers add, as a pure function
of the weights; and what the metrics see of it. Knows no optimizer's rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from netwright.backends.xla.arrays import bind_sizes
from netwright.backends.xla.engines.engine import Batch, Loss, Metric
from netwright.backends.xla.engines.scopes import LOSS
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Program, Result
from netwright.compiler.dims import substitute

#: how the names of what metrics count begin in a snapshot
COUNTED = "metrics/"


@dataclass(frozen=True, slots=True)
class Objective:
    """total = loss(outputs, targets) + activity losses + regularizers of the weights, as Keras adds them."""

    program: Program
    loss: Loss

    def __call__(self, weights: Arrays, state: Arrays, batch: Batch, *, training: bool) -> tuple[Any, Arrays, Arrays]:
        """The total, the outputs and the new state."""
        result = self.program.forward(weights, state, batch.inputs, training=training)
        with self.program.engine.scope(LOSS):
            total = sum(self.parts(result, weights, batch).values())
        return total, result.outputs, result.state

    def parts(self, result: Result, weights: Arrays, batch: Batch) -> dict[str, Any]:
        """What the total is the sum of, by what a message calls it; a part that is not there is missing."""
        parts = {
            "the loss": self.loss(result.outputs, batch.targets, batch.weights),
            "the penalty on activities": sum(result.losses),
            "the penalty on weights": self.program.penalty(weights),
        }
        return {name: part for name, part in parts.items() if not isinstance(part, int)}


def with_loss(metrics: Sequence[Metric]) -> tuple[Metric, ...]:
    """The mean of the loss over the examples, then the metrics asked for."""
    import keras

    return (Metric("loss", "", "", keras.metrics.Mean(name="loss")), *metrics)


def seen_by(metric: Metric, total: Any, outputs: Arrays, batch: Batch) -> tuple[Any, ...]:
    """The arguments of a metric's `update_state`; for the loss, the total with the number of examples."""
    if not metric.output:
        return (total, batch.size)
    return (batch.targets[metric.target], outputs[metric.output], batch.weights)


def build_metrics(metrics: Sequence[Metric], program: Program, batch: Batch) -> None:
    """Let metrics that create their variables when they first see data (f1_score) do so now: none can be created inside
    a compiled program."""
    import keras

    waiting = [metric for metric in metrics if not metric.metric.variables]
    if not waiting:
        return
    types = {name: value.type for name, value in program.inputs.items()}
    sizes = bind_sizes(types, batch.inputs)
    for metric in waiting:
        shape = [substitute(dim, sizes) for dim in program.outputs[metric.output].type.shape]
        metric.metric.update_state(keras.ops.zeros(batch.targets[metric.target].shape), keras.ops.zeros(shape))
        metric.metric.reset_state()


def counted(metrics: Sequence[Metric]) -> Iterator[tuple[str, Any]]:
    """The variables that metrics count in, by the names they have in a snapshot."""
    for metric in metrics:
        for number, variable in enumerate(metric.metric.variables):
            yield f"{COUNTED}{metric.name}/{number}", variable


def first_counts(metrics: Sequence[Metric], held: Arrays) -> Iterator[tuple[Any, Any]]:
    """Each of these variables with what it begins with: what the snapshot holds for it, or else what it has."""
    for name, variable in counted(metrics):
        array = held.get(name, variable.value)
        yield variable, array if tuple(array.shape) == tuple(variable.shape) else variable.value


def counted_in(snapshot: Mapping[str, Any]) -> tuple[Arrays, Arrays]:
    """A snapshot without what metrics had counted, and that."""
    held = {name: array for name, array in snapshot.items() if not name.startswith(COUNTED)}
    return held, {name: array for name, array in snapshot.items() if name not in held}
