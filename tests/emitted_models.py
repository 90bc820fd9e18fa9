"""What tests ask of an emitted Keras model alike, whether it has one input or output or several."""

from __future__ import annotations

from typing import Any

from netwright.api import Model


def one_or_all(inputs: dict[str, Any]) -> Any:
    """Inputs by name as the model takes them."""
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def named(outputs: Any) -> dict[str, Any]:
    """What the model gives, by name."""
    return outputs if isinstance(outputs, dict) else {"output": outputs}


def output_shapes(model: Model) -> dict[str, tuple[int | None, ...]]:
    """The shapes that its outputs are to have, as Keras writes them."""
    return {
        name: tuple(None if isinstance(dim, str) else dim for dim in tensor.shape)
        for name, tensor in model.outputs.items()
    }


def shapes_of(keras_model: Any) -> dict[str, tuple[int | None, ...]]:
    """The shapes that its outputs have."""
    return {name: tuple(tensor.shape) for name, tensor in named(keras_model.output).items()}
