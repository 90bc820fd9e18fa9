"""Owns `CausalMask`: attention to what came before."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class CausalMask(layers.Layer):
    """An attention mask in which each step of `query` sees no later one of `value`."""

    def call(self, query, value=None):
        value = query if value is None else value
        steps = ops.arange(ops.shape(query)[1], dtype="int32")[:, None]
        seen = ops.arange(ops.shape(value)[1], dtype="int32")
        return (seen <= steps)[None]

    def compute_output_spec(self, query, value=None):
        value = query if value is None else value
        return keras.KerasTensor((1, query.shape[1], value.shape[1]), "bool")
