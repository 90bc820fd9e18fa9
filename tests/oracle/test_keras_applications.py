"""Every model of keras.applications, turned into a flat spec, has the shapes, weights and costs that Keras says."""

from __future__ import annotations

import math
from typing import Any

import pytest
from figures_of_others import figures_of_others
from oracle.keras_graph import flat_spec

from netwright.api import compile as compile_spec

pytestmark = [pytest.mark.keras, pytest.mark.slow]
PUBLISHED = figures_of_others("keras_applications.csv", "name")


@pytest.mark.parametrize("name", PUBLISHED)
def test_application(name: str) -> None:
    import keras

    row = PUBLISHED[name]
    size = int(row["input_hw"])
    with keras.StatelessScope():  # shapes without values
        keras_model = getattr(keras.applications, name)(weights=None, input_shape=(size, size, 3))
    text, nodes = flat_spec(keras_model)
    model = compile_spec(text)
    assert [model.params.total, model.params.trainable] == [int(row["total"]), int(row["trainable"])]
    layers: list[dict[str, Any]] = model.report()["layers"]
    for line, node in nodes.items():
        found = [layer for layer in layers if layer["line"] == line]
        (output,) = found[-1]["outputs"]
        assert output["shape"] == ["N", *node.output_tensors[0].shape[1:]], node.operation.name
        assert sum(layer["params"] for layer in found) == sum(weight_sizes(node.operation)), node.operation.name
    assert sum(layer["macs"] for layer in layers if layer["op"] != "einsum_dense") == int(row["macs"])


def weight_sizes(operation: Any) -> list[int]:
    """The elements of each weight of a layer; a function has none."""
    return [math.prod(weight.shape) for weight in getattr(operation, "weights", ())]
