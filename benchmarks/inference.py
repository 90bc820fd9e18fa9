"""How fast inference is, as ratios within one run: ResNet-50 on TensorFlow's own kernels, with batch normalization
folded and not, against the emitted Keras model with the same weights."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESNET = Path(__file__).resolve().parent.parent / "specs" / "resnet.yaml"
#: batch -> how often each contender runs, all in turns
ROUNDS = {1: 40, 8: 15}
Forward = Callable[[Any], Any]


def resnet50() -> list[tuple[str, str]]:
    """The median time of a call, from an array to an array, and how many times as long as Netwright's others take."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import numpy as np

    contenders = _contenders()
    rows = []
    for batch, rounds in ROUNDS.items():
        images = np.random.default_rng(batch).random((batch, 224, 224, 3), "float32")
        ours, *others = _medians(contenders, images, rounds).items()
        rows.append((f"batch {batch}: {ours[0]}", f"{1000 * ours[1]:.0f} ms"))
        rows += [(f"batch {batch}: {name} / that", f"{seconds / ours[1]:.2f}") for name, seconds in others]
    return rows


def _medians(contenders: dict[str, Forward], images: Any, rounds: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for round in range(rounds + 2):  # the first two compile and warm up
        for name, forward in contenders.items():
            start = time.perf_counter()
            forward(images)
            if round >= 2:
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def _contenders() -> dict[str, Forward]:
    import tensorflow as tf

    from netwright.api import compile
    from netwright.backends.xla.engines.selection import load_engine
    from netwright.backends.xla.folding import folded
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.program import Program
    from netwright.backends.xla.target import Target

    target = Target("tensorflow", "cpu", jit="off")
    program = Program(compile(RESNET, preset="resnet50_keras"), load_engine(target), target)
    arrays = initial_arrays(program, 0)
    model = _emitted(program, arrays)
    function = tf.function(lambda images: model(images, training=False), autograph=False)
    return {
        "Netwright, frozen": _forward(*folded(program, arrays), frozen=True),
        "Netwright": _forward(*folded(program, arrays)),
        "Netwright without folding": _forward(program, arrays),
        "Keras predict_on_batch": model.predict_on_batch,
        "Keras in tf.function": lambda images: function(tf.convert_to_tensor(images)).numpy(),
    }


def _forward(program: Any, arrays: Any, *, frozen: bool = False) -> Forward:
    forward = program.engine.compile_inference(program, arrays, frozen=frozen)
    return lambda images: program.engine.numpy(forward({"image": images})["output"])


def _emitted(program: Any, arrays: Any) -> Any:
    from netwright.backends.keras.emit import emit
    from netwright.backends.xla.weights import pair_variables

    namespace: dict[str, Any] = {"__name__": "emitted"}
    exec(emit(program.model), namespace)
    model = namespace["build_model"]()
    for path, variable in pair_variables(program, model).items():
        variable.assign(arrays[path])
    return model


BENCHMARKS = {"inference of ResNet-50 on TensorFlow, CPU": resnet50}
