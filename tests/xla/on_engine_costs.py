"""FLOPs against what others count of the whole program, on the graph and without running it: XLA's own cost analysis on
JAX, and TensorFlow's profiler. 15 specs at full size, and five models of keras.applications at 96 by 96 pixels as flat
specs. Where figures differ, and why, is in `docs/costs.md`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from oracle.keras_graph import flat_spec

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.program import Program
from netwright.compiler.dims import evaluate, substitute

pytestmark = pytest.mark.keras
FOLDER = Path(__file__).parents[2] / "specs"
#: without loops over time, whose body others count once or not at all; grouped convolutions, which TensorFlow counts as
#: if they had no groups; and regions, whose sums others count otherwise
SPECS = (
    "denoising_autoencoder digits_mlp googlenet gpt2 inception_v3 iris_mlp lenet5 mnist_mlp mobilenet_v2 resnet "
    "siamese transformer unet vgg xor_mlp"
).split()
APPLICATIONS = ("EfficientNetB0", "MobileNet", "MobileNetV3Small", "ResNet50V2", "Xception")
SIZES = {"N": 1, "T": 100, "S": 90}
#: ours to theirs. XLA: above 1 where it leaves out the products with the zeros of padding, below 1 where it counts each
#: operation of softmax, GELU and normalization, for which the convention has one an element. TensorFlow: above 1 where
#: it does not know an operation (activations, einsum), below 1 where it counts five for softmax
BOUNDS = {"jax": (0.9, 1.06), "tensorflow": (0.99, 1.04)}
#: where a sum or two are a large part of a dozen operations
TINY = {("xor_mlp", "tensorflow"): (1.0, 1.25)}


@pytest.mark.parametrize("spec", SPECS)
def test_flops_of_specs(spec: str, engine: Engine) -> None:
    low, high = TINY.get((spec, backend()), BOUNDS[backend()])
    assert low < ratio(Program(compile_spec(FOLDER / f"{spec}.yaml"), engine)) < high


@pytest.mark.parametrize("name", APPLICATIONS)
def test_flops_of_applications(name: str, engine: Engine) -> None:
    import keras

    with keras.StatelessScope(initialize_variables=False):  # shapes without values
        model = getattr(keras.applications, name)(weights=None, input_shape=(96, 96, 3))
    low, high = BOUNDS[backend()]
    assert low < ratio(Program(compile_spec(flat_spec(model)[0]), engine)) < high


def backend() -> str:
    return os.environ["KERAS_BACKEND"]


def ratio(program: Program) -> float:
    """Our count to theirs, who count what is in a loop once."""
    cost = program.model.cost.flops
    assert cost is not None
    found: float = substitute(cost, SIZES) / COUNTED[backend()](program.laid_out())
    return found


def _counted_by_xla(program: Program) -> float:
    import jax

    forward = jax.jit(lambda weights, state, inputs: program.forward(weights, state, inputs).outputs)
    weights, state, inputs = arguments(program, jax.ShapeDtypeStruct)
    found: float = forward.lower(weights, state, inputs).cost_analysis()["flops"]
    return found


def _counted_by_tensorflow(program: Program) -> float:
    import tensorflow as tf

    forward = tf.function(lambda weights, state, inputs: program.forward(weights, state, inputs).outputs)
    graph = forward.get_concrete_function(*arguments(program, tf.TensorSpec)).graph
    options = tf.compat.v1.profiler.ProfileOptionBuilder
    flops = options(options.float_operation()).with_empty_output().build()
    found: float = tf.compat.v1.profiler.profile(graph, options=flops).total_float_ops
    return found


COUNTED: dict[str, Callable[[Program], float]] = {"jax": _counted_by_xla, "tensorflow": _counted_by_tensorflow}


def arguments(program: Program, array: Callable[[tuple[int, ...], str], Any]) -> tuple[Any, Any, Any]:
    """Weights, state and inputs as shapes alone; `array` makes the engine's placeholder of one."""
    variables = {place.path: place.slot.variable for place in program.places}
    arrays = {path: array(tuple(variable.shape), variable.dtype) for path, variable in variables.items()}
    inputs = {
        name: array(
            tuple(evaluate(dim, SIZES) for dim in value.type.shape), {"i32": "int32"}.get(value.type.dtype, "float32")
        )
        for name, value in program.inputs.items()
    }
    return (*program.split(arrays), inputs)
