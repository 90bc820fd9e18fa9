"""Owns `MaxPooling2DWithArgmax`: the largest of each window, and where it stood."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class MaxPooling2DWithArgmax(layers.Layer):
    """Max pooling that says where each maximum stood: its switches.

    The second output counts places as tensorflow's max_pool_with_argmax does:
    (row * width + column) * channels + channel, in each image alone, wherever the
    channels stand. Of equal elements the first counts.
    """

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.pool_size = self._pair(pool_size)
        self.strides = self.pool_size if strides is None else self._pair(strides)
        self.padding = padding
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def _pair(self, value):
        return (value, value) if isinstance(value, int) else tuple(value)

    def call(self, x):
        if self.data_format == "channels_last":
            return self._pooled(x)
        outputs = self._pooled(ops.transpose(x, (0, 2, 3, 1)))
        return tuple(ops.transpose(output, (0, 3, 1, 2)) for output in outputs)

    def _pooled(self, x):
        """The maxima and their places, the channels last."""
        y = ops.max_pool(x, self.pool_size, self.strides, self.padding, "channels_last")
        _, height, width, channels = ops.shape(x)
        _, rows, columns, _ = ops.shape(y)
        above, below = self._padding(rows, height, 0)
        left, right = self._padding(columns, width, 1)
        beside = [(0, 0), (above, below), (left, right), (0, 0)]
        padded = ops.pad(x, beside, constant_values=-float("inf"))
        views = [
            padded[:, self._view(i, rows, 0), self._view(j, columns, 1)]
            for i in range(self.pool_size[0])
            for j in range(self.pool_size[1])
        ]
        inside = ops.cast(ops.argmax(ops.stack(views), axis=0), "int32")
        row = self._starts(rows, above, 0)[:, None, None] + inside // self.pool_size[1]
        column = self._starts(columns, left, 1)[:, None] + inside % self.pool_size[1]
        channel = ops.arange(channels, dtype="int32")
        return y, (row * width + column) * channels + channel

    def _padding(self, count, length, axis):
        """How much the windows reach over either end."""
        over = (count - 1) * self.strides[axis] + self.pool_size[axis] - length
        over = (over + abs(over)) // 2  # 0 if they do not
        return over // 2, over - over // 2

    def _view(self, start, count, axis):
        """The elements that stand `start` behind the start of their window."""
        stride = self.strides[axis]
        return slice(start, start + (count - 1) * stride + 1, stride)

    def _starts(self, count, before, axis):
        """Where the windows start."""
        return ops.arange(count, dtype="int32") * self.strides[axis] - before

    def compute_output_spec(self, x):
        pooling = (self.pool_size, self.strides, self.padding, self.data_format)
        shape = ops.max_pool(x, *pooling).shape
        return (
            keras.KerasTensor(shape, self.compute_dtype),
            keras.KerasTensor(shape, "int32"),
        )

    def get_config(self):
        config = {"pool_size": self.pool_size, "strides": self.strides}
        config |= {"padding": self.padding, "data_format": self.data_format}
        return {**super().get_config(), **config}
