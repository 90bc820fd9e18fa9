"""Owns `Maxout`: units that are the largest of several linear ones."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Maxout(layers.Layer):
    """Takes the largest of each group of neighbours along `axis`.

    The axis is cut into `units` groups of equal size. Behind a dense layer or a
    convolution of k * units filters, these are maxout units of k pieces (Goodfellow
    et al. 2013, arXiv:1302.4389).
    """

    def __init__(self, units, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.axis = axis

    def call(self, x):
        axis = self.axis % len(x.shape)
        shape = ops.shape(x)
        pieces = shape[axis] // self.units
        groups = (*shape[:axis], self.units, pieces, *shape[axis + 1 :])
        return ops.max(ops.reshape(x, groups), axis=axis + 1)

    def compute_output_shape(self, input_shape):
        axis = self.axis % len(input_shape)
        return (*input_shape[:axis], self.units, *input_shape[axis + 1 :])

    def get_config(self):
        return {**super().get_config(), "units": self.units, "axis": self.axis}
