"""googlenet: Going deeper with convolutions, Inception v1, with or without the two
heads that help to train it.

Szegedy et al. 2014, arXiv:1409.4842, table 1 and section 5 (counts as in Caffe's
bvlc_googlenet)
Written by Netwright 0.1.0 from googlenet.yaml; depends on Keras alone.
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


def normalize(x):
    return LocalResponseNormalization(2, 1.0, 1e-4 / 5, 0.75)(x)


def width(filters, scale):
    return max(1, round(scale * filters))


def conv(x, filters, kernel, strides=1, *, scale):
    return layers.Conv2D(
        width(filters, scale=scale),
        kernel,
        strides,
        padding="same",
        activation="relu",
    )(x)


def inception(x, a, b_in, b, c_in, c, d, scale):
    branch_1 = conv(x, a, 1, scale=scale)
    branch_2 = conv(x, b_in, 1, scale=scale)
    branch_2 = conv(branch_2, b, 3, scale=scale)
    branch_3 = conv(x, c_in, 1, scale=scale)
    branch_3 = conv(branch_3, c, 5, scale=scale)
    branch_4 = layers.MaxPooling2D(3, 1, padding="same")(x)
    branch_4 = conv(branch_4, d, 1, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def auxiliary(x, classes, scale):
    x = layers.AveragePooling2D(5, 3)(x)
    x = conv(x, 128, 1, scale=scale)
    x = layers.Flatten()(x)
    x = layers.Dense(width(1024, scale=scale), activation="relu")(x)
    x = layers.Dropout(0.7)(x)
    return layers.Dense(classes, activation="softmax")(x)


def build_model(classes=1000, scale=1.0, size=224, heads=False):
    """Build the model; with these defaults it has 6,998,552 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    fourth = conv(image, 64, 7, 2, scale=scale)
    fourth = layers.MaxPooling2D(3, 2, padding="same")(fourth)
    fourth = normalize(fourth)
    fourth = conv(fourth, 64, 1, scale=scale)
    fourth = conv(fourth, 192, 3, scale=scale)
    fourth = normalize(fourth)
    fourth = layers.MaxPooling2D(3, 2, padding="same")(fourth)
    fourth = inception(fourth, 64, 96, 128, 16, 32, 32, scale=scale)
    fourth = inception(fourth, 128, 128, 192, 32, 96, 64, scale=scale)
    fourth = layers.MaxPooling2D(3, 2, padding="same")(fourth)
    fourth = inception(fourth, 192, 96, 208, 16, 48, 64, scale=scale)
    seventh = inception(fourth, 160, 112, 224, 24, 64, 64, scale=scale)
    seventh = inception(seventh, 128, 128, 256, 24, 64, 64, scale=scale)
    seventh = inception(seventh, 112, 144, 288, 32, 64, 64, scale=scale)
    y = inception(seventh, 256, 160, 320, 32, 128, 128, scale=scale)
    y = layers.MaxPooling2D(3, 2, padding="same")(y)
    y = inception(y, 256, 160, 320, 32, 128, 128, scale=scale)
    y = inception(y, 384, 192, 384, 48, 128, 128, scale=scale)
    y = layers.GlobalAveragePooling2D()(y)
    y = layers.Dropout(0.4)(y)
    y = layers.Dense(classes, activation="softmax")(y)
    if heads:
        x = auxiliary(fourth, classes=classes, scale=scale)
        z = auxiliary(seventh, classes=classes, scale=scale)
        return keras.Model(
            image, {"output_0": y, "output_1": x, "output_2": z}, name="googlenet"
        )
    return keras.Model(image, y, name="googlenet")
