"""Programs with batch normalization folded into layers against those without, on the engine of KERAS_BACKEND (see
`test_program_engines.py`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.folding import folded
from netwright.backends.xla.program import Program
from netwright.backends.xla.target import Target
from netwright.compiler.ops.normalization import BatchNormalization

pytestmark = pytest.mark.keras
Start = Callable[[Program, int], dict[str, Any]]

IMAGES, ROWS = "f32[N, 6, 6, 4]", "f32[N, 4]"
#: title -> (type of x, spec from its model or blocks on, how many normalizations there are and how many are left)
FOLDED = {
    "conv2d": (IMAGES, "model: x -> conv2d(8, 3) -> batch_normalization(epsilon=0.1) -> relu", 1, 0),
    "no bias": (IMAGES, "model: x -> conv2d(8, 3, use_bias=false) -> batch_normalization(scale=false)", 1, 0),
    "no offset": (IMAGES, "model: x -> conv2d(8, 3, groups=2) -> batch_normalization(center=false)", 1, 0),
    "channels first": (
        IMAGES,
        "model: x -> conv2d(8, 3, strides=2, data_format=channels_first) -> batch_normalization(axis=1)",
        1,
        0,
    ),
    "dense": (ROWS, "model: x -> dense(8, use_bias=false) -> batch_normalization -> tanh -> dense(3)", 1, 0),
    "depthwise": (IMAGES, "model: x -> depthwise_conv2d(3, depth_multiplier=2) -> batch_normalization", 1, 0),
    "separable": (IMAGES, "model: x -> separable_conv2d(8, 3, use_bias=false) -> batch_normalization", 1, 0),
    "transposed": (IMAGES, "model: x -> conv2d_transpose(8, 3, 2) -> batch_normalization", 1, 0),
    "a block in a block": (
        IMAGES,
        """
blocks:
  x -> conv_bn(f): x -> conv2d(f, 3, padding=same) -> batch_normalization
  x -> unit(f): x + (x -> conv_bn(f) -> relu -> conv_bn(f))
model: x -> conv_bn(4) -> unit(4) -> unit(4)""",
        5,
        0,
    ),
    "a repeat": (
        IMAGES,
        """
blocks: {x -> unit: x + (x -> conv2d(4, 3, padding=same) -> batch_normalization -> relu -> batch_normalization)}
model: x -> unit * 3 -> (unit -> conv2d(4, 1) -> batch_normalization) * 2""",
        12,
        5,
    ),
    "a block applied twice with its weights": (
        IMAGES,
        """
blocks: {x -> unit: x -> conv2d(4, 3, padding=same) -> batch_normalization}
layers: {u: unit}
model: x -> u -> relu -> u""",
        1,
        0,
    ),
    "some among others": (
        IMAGES,
        """
model: |
  y = x -> batch_normalization -> conv2d(4, 3) -> batch_normalization -> relu -> batch_normalization
  y -> conv2d(4, 1) -> batch_normalization -> batch_normalization -> flatten -> dense(2)""",
        5,
        3,
    ),
}
LEFT = {
    "what is read elsewhere": """
model: |
  y = x -> conv2d(4, 3)
  y + (y -> batch_normalization)""",
    "a layer that is shared": """
layers: {c: conv2d(4, 3, padding=same)}
model: x -> c -> batch_normalization -> c -> batch_normalization""",
    "a normalization that is shared": """
layers: {n: batch_normalization}
model: x -> conv2d(4, 3) -> n -> conv2d(4, 3) -> n""",
    "an activation between": "model: x -> conv2d(4, 3, activation=relu) -> batch_normalization",
    "another axis": "model: x -> conv2d(4, 3) -> batch_normalization(axis=1)",
    "low rank": "model: x -> dense(4, lora_rank=2) -> batch_normalization",
}


def program(engine: Engine, type: str, text: str, repeat: str = "auto") -> Program:
    head = f'netwright: 1\nname: t\ninputs: {{x: "{type}"}}\n'
    return Program(compile_spec(head + text.lstrip("\n") + "\n"), engine, Target(repeat=repeat))


def normalizations(made: Program) -> int:
    return sum(isinstance(site.node.op, BatchNormalization) for site in made.sites)


@pytest.fixture
def trained(start: Start, rng: Any) -> Callable[[Program], dict[str, Any]]:
    """Arrays unlike the first ones."""

    def given(made: Program) -> dict[str, Any]:
        arrays = start(made, 3)
        return {path: (array + rng.uniform(0.1, 0.9, array.shape)).astype("float32") for path, array in arrays.items()}

    return given


def output(engine: Engine, made: Program, arrays: Any, x: Any) -> Any:
    return engine.numpy(engine.compile_forward(made)(*made.split(arrays), {"x": x})["output"])


@pytest.mark.parametrize(("title", "repeat"), [*((title, "scan") for title in FOLDED), ("a repeat", "unroll")])
def test_what_is_folded_is_equal(title: str, repeat: str, engine: Engine, trained: Any, rng: Any) -> None:
    type, text, there, left = FOLDED[title]
    if engine.name == "tensorflow" and title == "channels first":
        pytest.skip("TensorFlow's CPU has no such convolution")
    made = program(engine, type, text, repeat)
    arrays = trained(made)
    short, shortened = folded(made, arrays)
    assert (normalizations(made), normalizations(short)) == (there, left)
    x = rng.normal(size=(2, *made.inputs["x"].type.shape[1:])).astype("float32")
    expected = output(engine, made, arrays, x)
    np.testing.assert_allclose(
        output(engine, short, shortened, x), expected, rtol=1e-5, atol=1e-5 * abs(expected).max()
    )


@pytest.mark.parametrize("title", LEFT)
def test_what_is_left(title: str, engine: Engine, trained: Any) -> None:
    made = program(engine, IMAGES, LEFT[title])
    assert folded(made, trained(made))[0] is made


def test_penalties_look_at_the_arrays_that_there_were(engine: Engine, trained: Any) -> None:
    made = program(engine, IMAGES, "model: x -> conv2d(4, 3, kernel_regularizer=l2(0.1)) -> batch_normalization")
    arrays = trained(made)
    assert folded(made, arrays, penalized=True)[0] is made
    assert folded(made, arrays)[0] is not made
