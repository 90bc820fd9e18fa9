"""Owns the masks that Keras leaves on tensors; it has no public way to ask for them."""

from __future__ import annotations

from typing import Any


def mask_of(tensor: Any) -> Any:
    """The tensor's mask, or none."""
    from keras.src.backend import get_keras_mask

    return get_keras_mask(tensor)


def put_mask(tensor: Any, mask: Any) -> None:
    """Leave the mask on the tensor."""
    from keras.src.backend import set_keras_mask

    set_keras_mask(tensor, mask)
