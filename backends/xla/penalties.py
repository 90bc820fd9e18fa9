"""Owns what Keras's regularizers keep of their own: factors, which it makes tensors outside of any program. TensorFlow
cannot compute again in a loop what reads such tensors."""

from __future__ import annotations

from typing import Any


def make_factors_numbers(layer: Any) -> None:
    """The activity regularizers of a layer and of those inside it, with numbers for factors."""
    from keras import ops

    for each in layer._flatten_layers():
        kept = vars(each.activity_regularizer) if each.activity_regularizer is not None else {}
        kept.update({name: float(value) for name, value in kept.items() if ops.is_tensor(value)})
