"""Owns a training run on JAX: a step is one pure function whose state is donated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import keras
import numpy as np

from netwright.backends.xla.data.examples import Examples
from netwright.backends.xla.engines.engine import Batch, Metric
from netwright.backends.xla.engines.jax_compiled import JaxExecutable
from netwright.backends.xla.engines.scopes import METRICS, OPTIMIZER
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.objective import Objective, build_metrics, counted, counted_in, first_counts, seen_by
from netwright.backends.xla.variables import check_snapshot, flat, held_variables

if TYPE_CHECKING:
    from netwright.backends.xla.engines.jax import JaxEngine


class JaxTraining:
    """A training run on JAX. What a step changes is one tree, `_held`, given to the compiled step and replaced by
    what it returns; Keras's optimizer and metrics are called statelessly."""

    def __init__(
        self,
        engine: JaxEngine,
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
        variables = held_variables(objective.program, arrays, optimizer)
        self._held = engine.put(jax.tree.map(lambda variable: variable.value, variables))
        self._seen: list[Any] | None = None
        self._counted: Arrays = {}  # what metrics that have seen nothing yet begin with
        # dicts come out of compiled functions sorted by key: lists for Keras follow these orders
        self._weight_order = list(variables["weights"])
        self._slot_order = list(variables["optimizer"])
        self._compiled_step = jax.jit(self._pure_step, donate_argnums=0)
        self._compiled_evaluate = jax.jit(self._pure_evaluate)

    @property
    def objective(self) -> Objective:
        return self._objective

    # ------------------------------------------------------------ compiled

    def _pure_step(self, held: Any, seen: Any, inputs: Arrays, targets: Arrays, sample_weights: Any) -> tuple[Any, Any]:
        batch = Batch(inputs, targets, sample_weights)
        slots = [held["optimizer"][name] for name in self._slot_order]
        differentiated = self._engine.value_and_grad(partial(self._scaled_total, slots))
        (_, (total, outputs, state)), gradients = differentiated(held["weights"], held["state"], batch)
        with self._engine.scope(OPTIMIZER):
            moved, slots = self._optimizer.stateless_apply(
                slots,
                [gradients[path] for path in self._weight_order],
                [held["weights"][path] for path in self._weight_order],
            )
        weights = dict(zip(self._weight_order, moved, strict=True))
        held = {"weights": weights, "state": state, "optimizer": dict(zip(self._slot_order, slots, strict=True))}
        return held, self._updated(seen, total, outputs, batch)

    def _scaled_total(self, slots: list[Any], weights: Arrays, state: Arrays, batch: Batch) -> tuple[Any, Any]:
        total, outputs, new_state = self._objective(weights, state, batch, training=True)
        with keras.StatelessScope(list(zip(self._optimizer.variables, slots, strict=True))):
            return self._optimizer.scale_loss(total), (total, outputs, new_state)

    def _pure_evaluate(self, held: Any, seen: Any, inputs: Arrays, targets: Arrays, sample_weights: Any) -> Any:
        batch = Batch(inputs, targets, sample_weights)
        total, outputs, _ = self._objective(held["weights"], held["state"], batch, training=False)
        return self._updated(seen, total, outputs, batch)

    def _updated(self, seen: Any, total: Any, outputs: Arrays, batch: Batch) -> list[Any]:
        with self._engine.scope(METRICS):
            return [
                metric.metric.stateless_update_state(values, *seen_by(metric, total, outputs, batch))
                for metric, values in zip(self._metrics, seen, strict=True)
            ]

    # ------------------------------------------------------------ steps

    def step(self, batch: Batch) -> None:
        seen = self._metric_values(batch)
        with self._engine.place():
            self._held, self._seen = self._compiled_step(self._held, seen, batch.inputs, batch.targets, batch.weights)

    def evaluate(self, batch: Batch) -> None:
        seen = self._metric_values(batch)
        held = {"weights": self._held["weights"], "state": self._held["state"]}
        with self._engine.place():
            self._seen = self._compiled_evaluate(held, seen, batch.inputs, batch.targets, batch.weights)

    def wait(self) -> None:
        self._engine.wait(self._held)

    def executable(self, batch: Batch) -> JaxExecutable:
        seen = self._metric_values(batch)
        with self._engine.place():
            lowered = self._compiled_step.lower(self._held, seen, batch.inputs, batch.targets, batch.weights)
            return JaxExecutable(lowered.compile())

    def place_examples(self, examples: Examples) -> None:
        self._examples = self._engine.put((examples.inputs, examples.targets))
        self._compiled_steps = jax.jit(self._pure_steps, donate_argnums=0)

    def _pure_steps(self, held: Any, seen: Any, examples: Any, rows: Any, count: Any) -> tuple[Any, Any]:
        def one(index: Any, before: tuple[Any, Any]) -> tuple[Any, Any]:
            inputs, targets = jax.tree.map(lambda array: array[rows[index]], examples)
            return self._pure_step(*before, inputs, targets, None)

        return jax.lax.fori_loop(0, count, one, (held, seen))  # type: ignore[no-any-return]

    def steps(self, rows: Any, count: int) -> None:
        inputs, targets = jax.tree.map(lambda array: array[: rows.shape[1]], self._examples)
        seen = self._metric_values(Batch(inputs, targets))
        with self._engine.place():
            self._held, self._seen = self._compiled_steps(self._held, seen, self._examples, rows, count)

    # ------------------------------------------------------------ metrics

    def _metric_values(self, batch: Batch) -> list[Any]:
        if self._seen is None:
            build_metrics(self._metrics, self._objective.program, batch)
            first = [first_counts([metric], self._counted) for metric in self._metrics]
            self._seen = self._engine.put([[value for _, value in each] for each in first])
        return self._seen

    def results(self) -> dict[str, Any]:
        if self._seen is None:
            return {}
        pairs = zip(self._metrics, self._seen, strict=True)
        return {metric.name: np.asarray(metric.metric.stateless_result(values)).tolist() for metric, values in pairs}

    def reset_metrics(self) -> None:
        self._seen, self._counted = None, {}

    # ------------------------------------------------------------ state

    def finish(self) -> None:
        inner = getattr(self._optimizer, "inner_optimizer", self._optimizer)
        if not inner.use_ema:
            return
        slots = {id(variable): name for variable, name in zip(self._optimizer.variables, self._slot_order, strict=True)}
        averages = [slots[id(variable)] for variable in inner._model_variables_moving_average]
        held = self._held["optimizer"]
        pairs = zip(self._weight_order, averages, strict=True)
        self._held["weights"] = {path: self._copied(held[name], held[name].dtype) for path, name in pairs}

    def arrays(self) -> Arrays:
        return self._layout.one_by_one(jax.device_get(self._held["weights"] | self._held["state"]))

    def load_arrays(self, arrays: Mapping[str, Any]) -> None:
        loaded = self._layout.as_in(self._held["weights"] | self._held["state"], arrays)
        for section in ("weights", "state"):
            old = self._held[section]
            self._held[section] = {path: self._copied(loaded[path], value.dtype) for path, value in old.items()}

    def _copied(self, array: Any, dtype: Any) -> Any:
        """An array of the run's own, which it may donate."""
        return self._engine.put(np.array(array, dtype=dtype))

    def snapshot(self) -> Arrays:
        return jax.device_get(flat(self._held) | self._counts())  # type: ignore[no-any-return]

    def _counts(self) -> Arrays:
        if self._seen is None:
            return self._counted
        values = (value for each in self._seen for value in each)
        return {name: value for (name, _), value in zip(counted(self._metrics), values, strict=True)}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        held, self._counted = counted_in(snapshot)
        self._seen = None
        check_snapshot(self._held, held)
        self._held = {
            section: {path: self._copied(held[f"{section}/{path}"], value.dtype) for path, value in values.items()}
            for section, values in self._held.items()
        }

    @property
    def learning_rate(self) -> float:
        current = [self._held["optimizer"][name] for name in self._slot_order]
        mapping = list(zip(self._optimizer.variables, current, strict=True))
        with keras.StatelessScope(mapping, initialize_variables=False):
            return float(self._optimizer.learning_rate)

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        names = [name for name in self._slot_order if name.endswith(".learning_rate")]
        if not names:
            raise ExecutionError("the learning rate follows a schedule, it cannot be set")
        self._held["optimizer"][names[-1]] = self._engine.put(np.float32(value))
