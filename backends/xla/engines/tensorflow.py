"""Owns the TensorFlow engine: programs compiled by `tf.function(jit_compile=True)`, a training step that moves
variables in place. Keras's optimizers have no stateless form on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf

from netwright.backends.xla.engines.engine import Batch, Loss, Metric, Step
from netwright.backends.xla.engines.tensorflow_loops import scan
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.objective import (
    Objective,
    build_metrics,
    counted,
    counted_in,
    first_counts,
    seen_by,
    with_loss,
)
from netwright.backends.xla.program import Program
from netwright.backends.xla.variables import Held, check_loaded, check_snapshot, flat, held_variables


class TensorFlowEngine:
    """Keras on TensorFlow, compiled by `tf.function(jit_compile=True)` for one device."""

    name = "tensorflow"

    def __init__(self, device: str) -> None:
        self.device = _find_device(device)
        self._place = f"/{self.device}:0"

    def host(self) -> AbstractContextManager[Any]:
        return tf.device("/cpu:0")  # type: ignore[no-any-return]

    def place(self) -> AbstractContextManager[Any]:
        return tf.device(self._place)  # type: ignore[no-any-return]

    def numpy(self, array: Any) -> Any:
        return np.asarray(array)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        traced = tf.function(function, jit_compile=True, autograph=False)

        def call(*arguments: Any) -> Any:
            with self.place():
                return _reporting(traced, tf.nest.map_structure(tf.convert_to_tensor, arguments))

        return call

    def compile_forward(self, program: Program) -> Callable[[Arrays, Arrays, Arrays], Arrays]:
        return self.compiled(lambda weights, state, inputs: program.forward(weights, state, inputs).outputs)

    def value_and_grad(self, function: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[tuple[Any, Any], Arrays]]:
        def both(weights: Arrays, *arguments: Any) -> tuple[tuple[Any, Any], Arrays]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                value, rest = function(weights, *arguments)
            gradients = tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            # what `gather` leaves sparse, optimizers would make dense again
            return (value, rest), {path: tf.convert_to_tensor(gradient) for path, gradient in gradients.items()}

        return both

    def scan(
        self, step: Step, carried: Sequence[Any], sequences: Sequence[Any], keep: int
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        return scan(step, carried, sequences, keep)

    def compile_training(
        self, program: Program, arrays: Arrays, loss: Loss, optimizer: Any, metrics: Sequence[Metric]
    ) -> TensorFlowTraining:
        with self.place():
            return TensorFlowTraining(self, Objective(program, loss), arrays, optimizer, with_loss(metrics))


def _find_device(name: str) -> str:
    gpus = tf.config.list_physical_devices("GPU")
    tf.config.list_logical_devices()  # starts the devices
    if name == "gpu" and not gpus:
        help = "TensorFlow needs its CUDA libraries to use a GPU: pip install 'tensorflow[and-cuda]'"
        raise ExecutionError("TensorFlow sees no gpu here, it sees: cpu", help=help)
    return "gpu" if gpus and name != "cpu" else "cpu"


def _reporting(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call; what TensorFlow's compiler refuses is an ExecutionError."""
    try:
        return function(*arguments)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        reason = str(error.message).strip().splitlines()[0]
        help = "the jax engine may compile what TensorFlow's XLA does not: --engine jax"
        raise ExecutionError(f"TensorFlow's XLA refused the program: {reason}", help=help) from error


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
        self._held: Held = held_variables(objective.program, arrays, optimizer)
        self._metrics_built = False
        self._counted: Arrays = {}  # what metrics that are not built yet had counted
        self._compiled_step = engine.compiled(self._traced_step)
        self._compiled_evaluate = engine.compiled(self._traced_evaluate)

    @property
    def objective(self) -> Objective:
        return self._objective

    # ------------------------------------------------------------ compiled

    def _traced_step(self, inputs: Arrays, targets: Arrays, *sample_weights: Any) -> None:
        batch = Batch(inputs, targets, *sample_weights)
        differentiated = self._engine.value_and_grad(self._scaled_total)
        (_, (total, outputs, state)), gradients = differentiated(self._read("weights"), self._read("state"), batch)
        weights = self._held["weights"]
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
        for metric in self._metrics:
            metric.metric.update_state(*seen_by(metric, total, outputs, batch))

    # ------------------------------------------------------------ steps

    def step(self, batch: Batch) -> None:
        self._call(self._compiled_step, batch)

    def evaluate(self, batch: Batch) -> None:
        self._call(self._compiled_evaluate, batch)

    def _call(self, compiled: Callable[..., Any], batch: Batch) -> None:
        if not self._metrics_built:
            with self._engine.place():
                build_metrics(self._metrics, self._objective.program, batch)
            for variable, value in first_counts(self._metrics, self._counted):
                variable.assign(value)
            self._metrics_built, self._counted = True, {}
        compiled(batch.inputs, batch.targets, *(() if batch.weights is None else (batch.weights,)))

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
        return {path: variable.numpy() for path, variable in held.items()}

    def load_arrays(self, arrays: Mapping[str, Any]) -> None:
        check_loaded(self._held, arrays)
        for path, variable in (self._held["weights"] | self._held["state"]).items():
            variable.assign(arrays[path])

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
