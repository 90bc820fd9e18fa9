"""The seconds of an epoch of `fit`, for each way to call it: python keras_fit.py SPEC EPOCHS, with KERAS_BACKEND set.
Prints JSON: how -> seconds of the quickest epoch but the first, which compiles."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np

from netwright.api import compile as compile_spec
from netwright.backends.keras.emit import emit

STEPS_PER_EXECUTION = (1, 16, 100)


class Clock(keras.callbacks.Callback):
    """The seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def main(spec: Path, epochs: int) -> None:
    """Measure every way."""
    model = compile_spec(spec)
    data = np.load(spec.parent / "images.npz")
    assert model.plan is not None
    print(
        json.dumps(
            {
                f"{steps} steps an execution, jit {jit}": quickest_epoch(
                    emit(model, train=True),
                    (data["x"], data["y"]),
                    {"steps_per_execution": steps, "jit_compile": jit},
                    {"batch_size": model.plan.batch_size, "epochs": epochs},
                )
                for jit in ((True, False) if keras.config.backend() == "tensorflow" else (True,))
                for steps in STEPS_PER_EXECUTION
            }
        )
    )


def quickest_epoch(text: str, data: tuple[Any, Any], compiled: dict[str, Any], fitted: dict[str, Any]) -> float:
    """The seconds of one of `fit` on the emitted model, with these arguments of `compile` and `fit`."""
    names: dict[str, Any] = {"__name__": "emitted"}
    exec(text, names)
    model = names["build_model"]()
    names["compile_model"](model)
    model.compile(model.optimizer, model.loss, metrics=["sparse_categorical_accuracy"], **compiled)
    clock = Clock()
    model.fit(*data, verbose=0, callbacks=[clock], **fitted)
    return min(clock.seconds[1:])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
