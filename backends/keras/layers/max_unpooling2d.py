"""Owns `MaxUnpooling2D`: maxima back where they stood before they were pooled."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class MaxUnpooling2D(layers.Layer):
    """Puts each element where `argmax` says, as MaxPooling2DWithArgmax counts places.

    All other elements are 0; elements of one place are added. The output is as large
    as `like`, what was pooled, or else as a pooling could have come from.
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

    def call(self, x, argmax, like=None):
        if like is None:
            height, width = self._lengths(self._spatial(ops.shape(x)))
        else:
            height, width = self._spatial(ops.shape(like))
        if self.data_format == "channels_last":
            return self._placed(x, argmax, height, width)
        x, argmax = (ops.transpose(each, (0, 2, 3, 1)) for each in (x, argmax))
        return ops.transpose(self._placed(x, argmax, height, width), (0, 3, 1, 2))

    def _placed(self, x, argmax, height, width):
        """The channels last."""
        batch, _, _, channels = ops.shape(x)
        size = height * width * channels
        images = ops.arange(batch, dtype="int32")[:, None, None, None]
        places = ops.cast(argmax, "int32") + images * size
        places, values = ops.reshape(places, (-1, 1)), ops.reshape(x, (-1,))
        y = ops.scatter(places, values, (batch * size,))
        return ops.reshape(y, (batch, height, width, channels))

    def _spatial(self, shape):
        return shape[1:3] if self.data_format == "channels_last" else shape[2:]

    def _lengths(self, sizes):
        """What pooling to these sizes could have come from."""
        lengths = []
        for axis, size in enumerate(sizes):
            window, stride = self.pool_size[axis], self.strides[axis]
            more = 0 if self.padding == "same" else window - stride
            lengths.append(None if size is None else size * stride + more)
        return lengths

    def compute_output_shape(self, x_shape, argmax_shape, like_shape=None):
        if like_shape is None:
            sizes = self._lengths(self._spatial(x_shape))
        else:
            sizes = self._spatial(like_shape)
        if self.data_format == "channels_last":
            return (x_shape[0], *sizes, x_shape[3])
        return (x_shape[0], x_shape[1], *sizes)

    def get_config(self):
        config = {"pool_size": self.pool_size, "strides": self.strides}
        config |= {"padding": self.padding, "data_format": self.data_format}
        return {**super().get_config(), **config}
