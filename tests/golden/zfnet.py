"""zfnet: Visualizing and understanding convolutional networks, AlexNet with a smaller
and denser first layer.

Zeiler and Fergus 2013, arXiv:1311.2901, figure 3 (parameters as in imgclsmob's
zfnet)
Written by Netwright 0.1.0 from zfnet.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class LocalResponseNormalization(layers.Layer):
    """Divides x by (bias + alpha * s) ** beta, s the sum of the squares nearby.

    Near are elements up to `depth_radius` places away along `axis`: the channels, as
    in AlexNet and TensorFlow, or rows and columns for windows within each map. What
    lies outside counts as 0. Caffe's alpha is ours times the size of the window.
    """

    def __init__(
        self, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, axis=-1, **kwargs
    ):
        super().__init__(**kwargs)
        self.depth_radius = depth_radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta
        self.axis = axis

    def call(self, x):
        total = ops.square(x)
        for axis in [self.axis] if isinstance(self.axis, int) else self.axis:
            total = self._sums(total, axis % len(x.shape))
        return x / ops.power(self.bias + self.alpha * total, self.beta)

    def _sums(self, x, axis):
        """The sums over windows along one axis."""
        rank, radius = len(x.shape), self.depth_radius
        beside = [(radius, radius) if each == axis else (0, 0) for each in range(rank)]
        padded = ops.pad(x, beside)
        before = (slice(None),) * axis
        total = padded[(*before, slice(2 * radius, None))]
        for start in range(2 * radius):
            total = total + padded[(*before, slice(start, start - 2 * radius))]
        return total

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"depth_radius": self.depth_radius, "bias": self.bias}
        config |= {"alpha": self.alpha, "beta": self.beta, "axis": self.axis}
        return {**super().get_config(), **config}


def conv(x, filters, kernel, strides=1, padding="same"):
    return layers.Conv2D(filters, kernel, strides, padding, activation="relu")(x)


def pool(x):
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    return LocalResponseNormalization(2, 2, 1e-4, 0.75)(x)


def build_model(classes=1000, widths=(96, 256, 384, 384, 256), hidden=4096, size=224):
    """Build the model; with these defaults it has 62,357,608 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.ZeroPadding2D(1)(image)
    x = conv(x, widths[0], 7, 2, "valid")
    x = pool(x)
    x = conv(x, widths[1], 5, 2, "valid")
    x = pool(x)
    for width in widths[2:]:
        x = conv(x, width, 3)
    x = layers.MaxPooling2D(3, 2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(hidden, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="zfnet")
