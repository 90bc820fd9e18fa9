"""Owns `Constant`: a tensor that depends on no input, as a part of a model."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Constant(layers.Layer):
    """A tensor that depends on no input, as a part of a model.

    Keras computes at once what depends on no input, and does not make the layers
    that are applied to it part of the model. So this takes a tensor of the model,
    and ignores it.
    """

    def __init__(self, value, dtype=None, **kwargs):
        value = ops.convert_to_tensor(value, dtype)
        dtype = keras.backend.standardize_dtype(value.dtype)
        super().__init__(dtype=dtype, autocast=False, **kwargs)
        self.value = ops.convert_to_numpy(value)

    def call(self, x):
        return ops.convert_to_tensor(self.value, dtype=self.compute_dtype)

    def compute_output_spec(self, x):
        return keras.KerasTensor(self.value.shape, self.compute_dtype)

    def get_config(self):
        config = {"value": self.value.tolist(), "dtype": self.compute_dtype}
        return {**super().get_config(), **config}
