"""Owns `Arange`: numbers that count, as a part of a model."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Arange(layers.Layer):
    """The numbers of ops.arange(start, stop, step), as a part of a model.

    Keras computes at once what depends on no input, and does not make the layers
    that are applied to it part of the model. So this takes a tensor of the model.
    Without numbers it counts to the size of that tensor's `axis`.
    """

    def __init__(self, start=None, stop=None, step=1, dtype="int32", axis=1, **kwargs):
        super().__init__(dtype=dtype, autocast=False, **kwargs)
        self.bounds = (start, stop, step)
        self.axis = axis

    def call(self, x):
        start, stop, step = self.bounds
        if start is None:
            start = ops.shape(x)[self.axis]
        if stop is None:
            start, stop = 0, start
        return ops.arange(start, stop, step, dtype=self.compute_dtype)

    def compute_output_spec(self, x):
        start, stop, step = self.bounds
        if start is None:
            size = x.shape[self.axis]
        elif stop is None:
            size = -(-start // step)
        else:
            size = -(-(stop - start) // step)
        return keras.KerasTensor((size,), self.compute_dtype)

    def get_config(self):
        start, stop, step = self.bounds
        config = {"start": start, "stop": stop, "step": step, "axis": self.axis}
        return {**super().get_config(), **config}
