"""Owns a training run on TensorFlow: a step moves variables in place, since Keras's optimizers have no stateless form
there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from netwright.backends.xla.data.examples import Examples
from netwright.backends.xla.engines.engine import Batch, Metric
from netwright.backends.xla.engines.scopes import METRICS, OPTIMIZER
from netwright.backends.xla.engines.tensorflow_compiled import TensorFlowExecutable
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.objective import Objective, build_metrics, counted, counted_in, first_counts, seen_by
from netwright.backends.xla.variables import Held, check_snapshot, flat, held_variables

if TYPE_CHECKING:
    from netwright.backends.xla.engines.tensorflow import TensorFlowEngine


def _arguments(batch: Batch) -> tuple[Any, ...]:
    """What the compiled functions take of a batch."""
    return batch.inputs, batch.targets, *(() if batch.weights is None else (batch.weights,))


class TensorFlowTraining:
    """A training run on TensorFlow: variables that compiled functions move in place."""

    def __init__(
        self,
        engine: TensorFlowEngine,
        objective: Objective,
        arrays: Arrays,
        optimizer: Any,
        metrics: tuple[Metric, ...],
    ) -> None:
        self._engine = engine
        self._objective = objective
        self._optimizer = optimizer
        self._metrics = metrics
        self._layout = objective.program.layout
        self._held: Held = held_variables(objective.program, arrays, optimizer)
        self._metrics_built = False
        self._counted: Arrays = {}  # what metrics that are not built yet had counted
        self._jit = engine.uses_xla(objective.program)
        self._compiled_step = engine.compiled(self._traced_step, self._jit)
        self._compiled_evaluate = engine.compiled(self._traced_evaluate, self._jit)

    @property
    def objective(self) -> Objective:
        return self._objective

    # ------------------------------------------------------------ compiled

    def _traced_step(self, inputs: Arrays, targets: Arrays, *sample_weights: Any) -> None:
        batch = Batch(inputs, targets, *sample_weights)
        differentiated = self._engine.value_and_grad(self._scaled_total)
        (_, (total, outputs, state)), gradients = differentiated(self._read("weights"), self._read("state"), batch)
        weights = self._held["weights"]
        with self._engine.scope(OPTIMIZER):
            self._optimizer.apply([gradients[path] for path in weights], list(weights.values()))
        for path, variable in self._held["state"].items():
            variable.assign(state[path])
        self._update(total, outputs, batch)

    def _scaled_total(self, weights: Arrays, state: Arrays, batch: Batch) -> tuple[Any, Any]:
        total, outputs, new_state = self._objective(weights, state, batch, training=True)
        return self._optimizer.scale_loss(total), (total, outputs, new_state)

    def _traced_evaluate(self, inputs: Arrays, targets: Arrays, *sample_weights: Any) -> None:
        batch = Batch(inputs, targets, *sample_weights)
        total, outputs, _ = self._objective(self._read("weights"), self._read("state"), batch, training=False)
        self._update(total, outputs, batch)

    def _read(self, section: str) -> Arrays:
        return {path: tf.convert_to_tensor(variable.value) for path, variable in self._held[section].items()}

    def _update(self, total: Any, outputs: Arrays, batch: Batch) -> None:
        with self._engine.scope(METRICS):
            for metric in self._metrics:
                metric.metric.update_state(*seen_by(metric, total, outputs, batch))

    # ------------------------------------------------------------ steps

    def step(self, batch: Batch) -> None:
        self._call(self._compiled_step, batch)

    def place_examples(self, examples: Examples) -> None:
        self._examples = self._engine.put((examples.inputs, examples.targets))
        self._compiled_steps = self._engine.compiled(self._traced_steps, self._jit)

    def _traced_steps(self, inputs: Arrays, targets: Arrays, rows: Any, count: Any) -> None:
        def one(index: Any) -> tuple[Any]:
            self._traced_step(*tf.nest.map_structure(lambda array: tf.gather(array, rows[index]), (inputs, targets)))
            return (index + 1,)

        tf.while_loop(lambda index: index < count, one, (tf.constant(0),), parallel_iterations=1)

    def steps(self, rows: Any, count: int) -> None:
        inputs, targets = tf.nest.map_structure(lambda array: array[: rows.shape[1]], self._examples)
        self._build_metrics(Batch(inputs, targets))
        self._compiled_steps(*self._examples, rows, count)

    def evaluate(self, batch: Batch) -> None:
        self._call(self._compiled_evaluate, batch)

    def _call(self, compiled: Callable[..., Any], batch: Batch) -> None:
        self._build_metrics(batch)
        compiled(*_arguments(batch))

    def _build_metrics(self, batch: Batch) -> None:
        if not self._metrics_built:
            with self._engine.place():
                build_metrics(self._metrics, self._objective.program, batch)
            for variable, value in first_counts(self._metrics, self._counted):
                variable.assign(value)
            self._metrics_built, self._counted = True, {}

    def wait(self) -> None:
        self._engine.wait(self._held)

    def executable(self, batch: Batch) -> TensorFlowExecutable:
        return self._compiled_step.executable(*_arguments(batch))

    # ------------------------------------------------------------ metrics

    def results(self) -> dict[str, Any]:
        return {metric.name: np.asarray(metric.metric.result()).tolist() for metric in self._metrics}

    def reset_metrics(self) -> None:
        for metric in self._metrics:
            metric.metric.reset_state()
        self._counted = {}

    # ------------------------------------------------------------ state

    def finish(self) -> None:
        self._optimizer.finalize_variable_values(list(self._held["weights"].values()))

    def arrays(self) -> Arrays:
        held = self._held["weights"] | self._held["state"]
        return self._layout.one_by_one({path: variable.numpy() for path, variable in held.items()})

    def load_arrays(self, arrays: Mapping[str, Any]) -> None:
        held = self._held["weights"] | self._held["state"]
        for path, array in self._layout.as_in(held, arrays).items():
            held[path].assign(array)

    def snapshot(self) -> Arrays:
        variables = flat(self._held) | dict(counted(self._metrics))
        return {name: variable.numpy() for name, variable in variables.items()} | self._counted

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        self.reset_metrics()
        held, self._counted = counted_in(snapshot)
        check_snapshot(self._held, held)
        for name, variable in flat(self._held).items():
            variable.assign(held[name])
        self._metrics_built = False

    @property
    def learning_rate(self) -> float:
        return float(self._optimizer.learning_rate)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        if not any(name.endswith(".learning_rate") for name in self._held["optimizer"]):
            raise ExecutionError("the learning rate follows a schedule, it cannot be set")
        self._optimizer.learning_rate = value
