"""Steps taken several at a time on examples that stand on the device, against steps on batches brought one by one, on
the engine of KERAS_BACKEND (see `test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.data.examples import Examples
from netwright.backends.xla.engines.engine import Engine, Training
from netwright.backends.xla.program import Program
from netwright.backends.xla.training.feed import ByBatch, Feed, Resident, feed_of
from netwright.backends.xla.training.figures import build_loss, build_metrics

pytestmark = pytest.mark.keras
Programs = Callable[[str], Program]
Start = Callable[[Program, int], dict[str, Any]]

SPEC = """
inputs: {x: "f32[N, 8]"}
model: x -> dense(16, activation=relu) -> batch_normalization -> dropout(0.2) -> dense(3)
train:
  loss: sparse_categorical_crossentropy(from_logits=true)
  optimizer: adam(0.01)
  metrics: [sparse_categorical_accuracy]
"""


@pytest.fixture
def examples(rng: Any) -> Examples:
    """Seven batches of eight, and five more examples."""
    return Examples({"x": rng.random((61, 8), "float32")}, {"output": rng.integers(0, 3, 61).astype("int32")})


@pytest.fixture
def training_of(engine: Engine, program_of: Programs, start: Start) -> Callable[[str], Training]:
    def made(text: str) -> Training:
        program = program_of(text)
        plan = program.model.plan
        assert plan is not None
        arrays, optimizer = start(program, 5), keras_object(plan.optimizer)
        return engine.compile_training(program, arrays, build_loss(plan.losses), optimizer, build_metrics(plan))

    return made


def outcome(training: Training, feed: Feed, skip: int = 0) -> tuple[list[int], dict[str, Any], dict[str, Any]]:
    """The steps of each launch of an epoch, the figures, and what has become of the arrays."""
    counts = []
    for count, launch in feed.launches(np.random.default_rng(1).permutation(61), skip):
        launch()
        counts.append(count)
    return counts, training.results(), training.arrays()


@pytest.mark.parametrize("skip", [0, 4, 7])
def test_the_same_is_learnt(training_of: Callable[[str], Training], examples: Examples, skip: int) -> None:
    one, several = training_of(SPEC), training_of(SPEC)
    singly = outcome(one, ByBatch(one, examples, 8, whole=False), skip)
    together = outcome(several, Resident(several, examples, 8, whole=False, most=3), skip)
    assert singly[0] == [1] * (8 - skip)
    assert together[0] == {0: [3, 3, 1, 1], 4: [3, 1], 7: [1]}[skip]
    for found, expected in zip(together[1:], singly[1:], strict=True):
        assert found.keys() == expected.keys()
        for name, value in found.items():
            np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-6)


def test_batches_that_are_all_whole(training_of: Callable[[str], Training], examples: Examples) -> None:
    training = training_of(SPEC)
    assert outcome(training, Resident(training, examples, 8, whole=True, most=4))[0] == [4, 3]


def test_metrics_that_are_made_late(training_of: Callable[[str], Training], examples: Examples) -> None:
    text = SPEC.replace("sparse_categorical_accuracy", "f1_score").replace("sparse_", "")
    hot = Examples(examples.inputs, {"output": np.eye(3, dtype="float32")[examples.targets["output"]]})
    one, several = training_of(text), training_of(text)
    singly = outcome(one, ByBatch(one, hot, 8, whole=False))[1]["f1_score"]
    together = outcome(several, Resident(several, hot, 8, whole=False, most=8))[1]["f1_score"]
    np.testing.assert_allclose(together, singly, rtol=1e-6)


def test_who_is_fed_how(training_of: Callable[[str], Training], examples: Examples) -> None:
    training = training_of(SPEC)
    assert isinstance(feed_of(training, examples, 8, whole=False, watched=False), Resident)
    assert isinstance(feed_of(training, examples, 8, whole=False, watched=True), ByBatch)
