"""Owns Keras's side of a measurement: the emitted module, built and trained by Keras alone, with the same loss,
optimizer, metrics and batch."""

from __future__ import annotations

from typing import Any

from netwright.backends.xla.bench.case import Case, KerasModule
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.precision import layers_compute_in

Arrays = dict[str, Any]


class KerasContender:
    """`train_on_batch` or `predict_on_batch`; both wait for what they give."""

    def __init__(self, case: Case, module: KerasModule, engine: Engine, inputs: Arrays, targets: Arrays) -> None:
        self._case = case
        self._module = module
        self._engine = engine
        self._inputs = _alone(inputs)
        self._targets = _alone(targets)

    def begin(self) -> None:
        import keras

        keras.utils.set_random_seed(self._case.conditions.seed)
        names: dict[str, Any] = {"__name__": "emitted"}
        exec(compile(self._module.text, "emitted", "exec"), names)
        with self._engine.place(), layers_compute_in(self._case.conditions.target.precision or "f32"):
            self._model = names["build_model"]()
            names.get("compile_model", keras.Model.compile)(self._model)
        self._model.jit_compile = self._module.jit_compile

    def step(self) -> None:
        with self._engine.place():
            if self._case.training:
                self._model.train_on_batch(self._inputs, self._targets)
            else:
                self._model.predict_on_batch(self._inputs)

    def executable(self) -> None:
        return None


def _alone(arrays: Arrays) -> Any:
    """One array as it is, several by name: so the emitted module takes them."""
    return next(iter(arrays.values())) if len(arrays) == 1 else arrays
