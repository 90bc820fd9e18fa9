"""Owns `WindowedMask`: attention to what is near."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class WindowedMask(layers.Layer):
    """An attention mask in which each step sees `left` before it and `right` behind it.

    None is all there are on that side (Beltagy et al. 2020, arXiv:2004.05150).
    """

    def __init__(self, left, right=0, **kwargs):
        super().__init__(**kwargs)
        self.left = left
        self.right = right

    def call(self, query, value=None):
        value = query if value is None else value
        steps = ops.arange(ops.shape(query)[1], dtype="int32")[:, None]
        distance = ops.arange(ops.shape(value)[1], dtype="int32") - steps
        mask = ops.ones_like(distance, dtype="bool")
        if self.left is not None:
            mask = ops.logical_and(mask, distance >= -self.left)
        if self.right is not None:
            mask = ops.logical_and(mask, distance <= self.right)
        return mask[None]

    def compute_output_spec(self, query, value=None):
        value = query if value is None else value
        return keras.KerasTensor((1, query.shape[1], value.shape[1]), "bool")

    def get_config(self):
        return {**super().get_config(), "left": self.left, "right": self.right}
