"""Owns `Unpooling2D`: each element a block."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Unpooling2D(layers.Layer):
    """Makes each element a block: all of it, or its upper left corner among zeros.

    `mode` says which: "nearest" or "bed_of_nails" (Dosovitskiy et al. 2015,
    arXiv:1411.5928).
    """

    def __init__(self, size=2, mode="nearest", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.size = (size, size) if isinstance(size, int) else tuple(size)
        self.mode = mode
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def call(self, x):
        first = 1 if self.data_format == "channels_last" else 2
        for axis, size in enumerate(self.size, first):
            if self.mode == "nearest":
                x = ops.repeat(x, size, axis=axis)
            else:
                x = self._spread(x, axis, size)
        return x

    def _spread(self, x, axis, size):
        """The elements `size` apart along one axis."""
        shape = ops.shape(x)
        beside = [(0, size - 1) if each == axis + 1 else (0, 0) for each in range(5)]
        x = ops.pad(ops.expand_dims(x, axis + 1), beside)
        return ops.reshape(x, (*shape[:axis], shape[axis] * size, *shape[axis + 1 :]))

    def compute_output_shape(self, input_shape):
        shape = list(input_shape)
        first = 1 if self.data_format == "channels_last" else 2
        for axis, size in enumerate(self.size, first):
            shape[axis] = shape[axis] and shape[axis] * size
        return tuple(shape)

    def get_config(self):
        config = {"size": self.size, "mode": self.mode, "data_format": self.data_format}
        return {**super().get_config(), **config}
