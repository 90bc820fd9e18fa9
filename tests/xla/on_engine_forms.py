"""Forms against what Keras has, on the engine of KERAS_BACKEND (see `test_program_engines.py`): with the same arrays
they give the same outputs and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.forms import load_forms
from netwright.backends.xla.leaves import LayerLeaf, Leaf, make_leaf
from netwright.compiler.ir import OpNode

pytestmark = pytest.mark.keras

#: what an operator's operand is
OPERANDS = {
    "conv1d": "[2, 9, 4]",
    "conv2d": "[2, 9, 8, 4]",
    "conv3d": "[2, 5, 6, 5, 4]",
    "depthwise_conv1d": "[2, 9, 4]",
    "depthwise_conv2d": "[2, 9, 8, 4]",
    "batch_normalization": "[3, 5, 4, 6]",
}
#: engine -> calls of operators that have a form there, or do with other arguments
CALLS = {
    "jax": (
        "conv1d(6, 3)",
        "conv1d(6, 3, 2, padding=causal, activation=tanh)",
        "conv1d(6, 4, dilation_rate=2, padding=causal)",
        "conv1d(6, 3, groups=2, padding=causal)",
        "conv1d(6, 1, 2, padding=same)",
        "conv1d(6, 3, padding=same, data_format=channels_first)",
        "conv2d(6, 3)",
        "conv2d(6, 3, padding=same, use_bias=false)",
        "conv2d(6, [4, 3], [2, 3], padding=same)",
        "conv2d(6, 2, 3)",
        "conv2d(6, 3, [3, 1])",
        "conv2d(6, [5, 2], dilation_rate=[2, 3])",
        "conv2d(6, 4, dilation_rate=2, padding=same)",
        "conv2d(6, 1, activation=relu)",
        "conv2d(6, 1, [2, 3], padding=same)",
        "conv2d(6, 3, groups=2, padding=same)",
        "conv2d(6, 3, data_format=channels_first)",
        "conv2d(6, 3, activity_regularizer=l2(0.1))",
        "conv3d(6, 2, padding=same)",
        "conv3d(6, [2, 3, 2], [2, 1, 3])",
        "conv3d(6, 2, dilation_rate=[1, 2, 3], padding=same)",
        "depthwise_conv1d(3, padding=same, activation=tanh)",
        "depthwise_conv1d(4, 3)",
        "depthwise_conv2d(3, use_bias=false)",
        "depthwise_conv2d([4, 3], [2, 2], padding=same)",
        "depthwise_conv2d([2, 3], dilation_rate=[3, 2], padding=same)",
        "depthwise_conv2d(2, 2, dilation_rate=2)",
        "depthwise_conv2d(3, depth_multiplier=2)",
        "depthwise_conv2d(8, padding=same)",
        "depthwise_conv2d(3, data_format=channels_first)",
    ),
    "tensorflow": (
        "batch_normalization",
        "batch_normalization(center=false)",
        "batch_normalization(scale=false, momentum=0.7, epsilon=0.1)",
        "batch_normalization(axis=1)",
        "batch_normalization(axis=3)",
        "batch_normalization(renorm=true)",
        "batch_normalization(trainable=false)",
    ),
}
#: activations that have a form on JAX, in every way to be given
ACTIVATIONS = (
    "activations.gelu",
    "activations.gelu(approximate=true)",
    "silu",
    "activation(mish)",
    "dense(3, activation=elu)",
    "dense(3, activation=activations.celu(0.5))",
    "conv1d(3, 2, activation=squareplus)",
    "gru(3, activation=softsign, recurrent_activation=hard_silu)",
    "activation(tanh_shrink)",
)
#: dropouts of the operand [64, 50, 40] and the shape of what each draws
DROPOUTS = {
    "dropout(0.3)": (64, 50, 40),
    "dropout(0.3, noise_shape=[null, 1, null])": (64, 1, 40),
    "spatial_dropout1d(0.3)": (64, 1, 40),
}


def pairs() -> list[tuple[str, str]]:
    return [(engine, call) for engine, calls in CALLS.items() for call in calls]


@pytest.mark.parametrize(("name", "call"), pairs())
def test_a_form_is_the_layer(name: str, call: str, engine: Engine, rng: Any) -> None:
    if engine.name != name:
        pytest.skip(f"a form of {name}")
    node = applied(call)
    forms = load_forms(name, "cpu")
    assert node.op.keras in forms
    form, layer = LayerLeaf(node, forms), LayerLeaf(node)
    arrays = {slot.name: rng.uniform(0.5, 2, slot.variable.shape).astype("float32") for slot in layer.slots}
    x = rng.normal(size=node.operands[0].type.shape).astype("float32")
    (found, *found_gradients), (expected, *gradients) = (learnt(engine, leaf, x, arrays) for leaf in (form, layer))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    for one, other in zip(found_gradients, gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("call", ACTIVATIONS)
def test_an_activation_s_form_is_the_activation(call: str, engine: Engine, rng: Any) -> None:
    if engine.name != "jax":
        pytest.skip("forms of jax")
    from jax import tree

    node = applied(call, "[2, 9, 4]")
    form, layer = make_leaf(node, load_forms("jax", "cpu")), make_leaf(node, {})
    arrays = {slot.name: rng.uniform(-1, 1, slot.variable.shape).astype("float32") for slot in layer.slots}
    x = rng.normal(size=(2, 9, 4)).astype("float32")
    (found, found_kept), (expected, kept) = (pulled(leaf, x, arrays) for leaf in (form, layer))
    tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6), found, expected)
    assert found_kept < kept


def pulled(leaf: Leaf, x: Any, arrays: dict[str, Any]) -> tuple[Any, int]:
    """The output with the gradients of its sum, and how many numbers are kept for these."""
    import jax

    y, pull = jax.vjp(lambda x, arrays: leaf([x], {}, arrays, {}, True).outputs[0], x, arrays)
    return (y, pull(np.ones_like(y))), sum(array.size for array in jax.tree.leaves(pull))


@pytest.fixture
def on_tensorflow(engine: Engine) -> None:
    if engine.name != "tensorflow":
        pytest.skip("a form of tensorflow")


@pytest.mark.usefixtures("on_tensorflow")
@pytest.mark.parametrize("call", DROPOUTS)
def test_dropout_keeps_scaled_entries_and_drops_a_share(call: str, engine: Engine, rng: Any) -> None:
    x = rng.normal(size=(64, 50, 40)).astype("float32")
    y, state = dropped(engine, call, x, [5, 0])
    kept = y != 0
    np.testing.assert_allclose(y[kept], x[kept] / 0.7, rtol=1e-6)
    drawn = kept[tuple(slice(size) for size in DROPOUTS[call])]
    assert np.array_equal(np.broadcast_to(drawn, kept.shape), kept)
    assert abs(drawn.mean() - 0.7) < 4 * np.sqrt(0.21 / drawn.size)
    assert list(state) == [5, 1]


@pytest.mark.usefixtures("on_tensorflow")
def test_draws_are_those_of_their_seed_and_of_no_other(engine: Engine) -> None:
    x = np.ones((64, 50, 40), "float32")
    seeds = [[5, 0], [5, 1], [5, 2], [6, 0], [6, 1], [0, 0], [0, 1], [1, 0], [2**31 - 1, 7]]
    draws = [dropped(engine, "dropout(0.5)", x, seed)[0].ravel() - 1 for seed in seeds]
    assert np.array_equal(draws[0], dropped(engine, "dropout(0.5)", x, seeds[0])[0].ravel() - 1)
    first = draws[0]
    others = [*draws[1:], *(np.roll(draw, shift) for draw in draws for shift in (1, 2, 7, 40, 64, 1024, 2000))]
    assert max(abs(float(np.mean(first * other))) for other in others) < 5 / np.sqrt(first.size)


@pytest.mark.usefixtures("on_tensorflow")
def test_uniform_numbers_fill_every_cell_alike(engine: Engine) -> None:
    """Pairs of numbers in a row fall into 32 x 32 cells as chance has it."""
    from netwright.backends.xla.forms.tensorflow_cpu import uniform

    for seed in ([0, 0], [0, 1], [1, 0], [12345, 678]):
        numbers = engine.numpy(uniform((100_000, 2), np.array(seed, "int64")))
        assert numbers.min() >= 0
        assert numbers.max() < 1
        counts, _, _ = np.histogram2d(*numbers.T, bins=32, range=[[0, 1], [0, 1]])
        expected = len(numbers) / 1024
        spread = float(((counts - expected) ** 2 / expected).sum())
        assert abs(spread - 1023) < 5 * np.sqrt(2 * 1023)


def dropped(engine: Engine, call: str, x: Any, seed: list[int]) -> tuple[Any, Any]:
    """What a dropout makes of the array in training, and its new state."""
    node = applied(call, "[64, 50, 40]")
    leaf = LayerLeaf(node, load_forms(engine.name, "cpu"))
    (slot,) = leaf.slots
    made = leaf([engine.numpy(x)], {}, {slot.name: np.array(seed, slot.variable.dtype)}, {}, True)
    return engine.numpy(made.outputs[0]), engine.numpy(made.state[slot.name])


def applied(call: str, shape: str = "") -> OpNode:
    """The node of an operator called so."""
    shape = shape or OPERANDS[call.partition("(")[0]]
    graph = compile_spec(f'netwright: 1\nname: t\ninputs: {{x: "f32{shape}"}}\nmodel: x -> {call}\n').elaborated.graph
    assert graph is not None
    (node,) = graph.nodes
    assert isinstance(node, OpNode)
    return node


def learnt(engine: Engine, leaf: LayerLeaf, x: Any, arrays: dict[str, Any]) -> list[Any]:
    """The output in training, the new state, the losses, and the gradients of what is trained."""
    from keras import ops

    trained = {name: arrays[name] for name in (slot.name for slot in leaf.slots if slot.trainable)}

    def total(moved: dict[str, Any]) -> tuple[Any, Any]:
        made = leaf([moved["x"]], {}, {**arrays, **moved}, {}, True)
        (y,) = made.outputs
        return ops.sum(ops.sin(y)) + sum(made.losses), [y, *made.state.values()]

    def run(moved: dict[str, Any]) -> list[Any]:
        (loss, outputs), gradients = engine.value_and_grad(total)(moved)
        return [*outputs, loss, *(gradients[path] for path in sorted(gradients))]

    return [engine.numpy(array) for array in engine.compiled(run)({"x": x, **trained})]
