"""Owns the figures of a run: what the loss of several outputs is, and the metrics with the names under which they are
logged and watched. The names need no framework."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Loss, Metric
from netwright.backends.xla.leaves import Arrays
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.training.plan import Plan


def metric_names(plan: Plan) -> dict[str, tuple[str, Configuration]]:
    """name -> (output, metric). The name is Keras's: the metric's own, after the output's where there are several."""
    named: dict[str, tuple[str, Configuration]] = {}
    for output, metrics in plan.metrics.items():
        for metric in metrics:
            own = getattr(metric, "name", None) or metric.name_in_flow
            wanted = own if len(plan.losses) == 1 else f"{output}_{own}"
            name, number = wanted, 0
            while name in named or name == "loss":
                number += 1
                name = f"{wanted}_{number}"
            named[name] = (output, metric)
    return named


def figure_names(plan: Plan) -> tuple[str, ...]:
    """What an epoch's log holds."""
    names = ("loss", *metric_names(plan))
    validated = plan.data is not None and plan.data.validation > 0
    return (*names, *(f"val_{name}" for name in names)) if validated else names


def build_metrics(plan: Plan) -> tuple[Metric, ...]:
    """The Keras metrics of a plan; a target has its output's name."""
    return tuple(
        Metric(name, output, output, keras_object(metric)) for name, (output, metric) in metric_names(plan).items()
    )


def build_loss(losses: Mapping[str, Configuration]) -> Loss:
    """The sum of the outputs' losses."""
    built = {output: keras_object(loss) for output, loss in losses.items()}

    def total(outputs: Arrays, targets: Arrays, weights: Any) -> Any:
        parts = [loss(targets[name], outputs[name], sample_weight=weights) for name, loss in built.items()]
        return sum(parts[1:], parts[0])

    return total
