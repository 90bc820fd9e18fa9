"""Owns `ChannelShuffle`: channels of all groups in each group."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class ChannelShuffle(layers.Layer):
    """Deals the channels of `groups` groups out, so that each gets some of all.

    Channel i of group g, of n in each, becomes channel i * groups + g (ShuffleNet:
    Zhang et al. 2017, arXiv:1707.01083).
    """

    def __init__(self, groups, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis

    def call(self, x):
        axis = self.axis % len(x.shape)
        shape = ops.shape(x)
        size = shape[axis] // self.groups
        groups = (*shape[:axis], self.groups, size, *shape[axis + 1 :])
        dealt = ops.swapaxes(ops.reshape(x, groups), axis, axis + 1)
        return ops.reshape(dealt, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}
