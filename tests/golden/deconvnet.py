"""deconvnet: DeconvNet, VGG16 and its mirror image with unpooling and transposed
convolutions.

Noh, Hong and Han 2015, arXiv:1505.04366 (counts as in
github.com/HyeonwooNoh/DeconvNet, inference_deploy)
Written by Netwright 0.1.0 from deconvnet.yaml; depends on Keras alone.
"""

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


def conv(x, filters, kernel, activate=keras.activations.relu, padding="same"):
    x = layers.Conv2D(filters, kernel, padding=padding)(x)
    x = layers.BatchNormalization()(x)
    return activate(x)


def transposed(x, filters, kernel, padding="same"):
    x = layers.Conv2DTranspose(filters, kernel, padding=padding)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def level(
    x,
    stages,
    kernel,
    after=keras.activations.relu,
    transpose=False,
    lowest=lambda x: x,
):
    filters, depth = stages[0]
    y = x
    for _ in range(depth):
        y = conv(y, filters, kernel)
    largest, places = MaxPooling2DWithArgmax(padding="same")(y)
    if len(stages) > 1:
        z = level(largest, stages[1:], kernel, after, transpose, lowest)
        if transpose:
            z = transposed(z, filters, kernel)
        else:
            z = conv(z, filters, kernel, after)
    else:
        z = lowest(largest)
    x = MaxUnpooling2D()(z, places, y)
    for _ in range(depth - 1):
        if transpose:
            x = transposed(x, filters, kernel)
        else:
            x = conv(x, filters, kernel, after)
    return x


def dense_layers(x, hidden):
    _, H, H_, C = x.shape
    x = conv(x, hidden, H_, padding="valid")
    x = conv(x, hidden, 1)
    return transposed(x, C, H_, padding="valid")


def build_model(
    classes=21,
    hidden=4096,
    size=224,
    stages=((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)),
):
    """Build the model; with these defaults it has 251,839,061 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 224, 224, 21]
    """
    image = keras.Input((size, size, 3), name="image")
    x = level(
        image,
        stages,
        3,
        transpose=True,
        lowest=lambda x: dense_layers(x, hidden=hidden),
    )
    x = transposed(x, stages[0][0], 3)
    x = layers.Conv2D(classes, 1)(x)
    return keras.Model(image, x, name="deconvnet")
