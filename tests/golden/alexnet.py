"""alexnet: ImageNet classification with deep convolutional networks, in two towers or
one.

Krizhevsky, Sutskever and Hinton 2012 (counts as in Caffe's bvlc_alexnet); one_tower:
Krizhevsky 2014, arXiv:1404.5997 (as in torchvision); ungrouped: as in darknet's
alexnet.cfg
Written by Netwright 0.1.0 from alexnet.yaml; depends on Keras alone.
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


def conv(x, filters, kernel, strides=1, padding="same", groups=1):
    return layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        groups=groups,
        activation="relu",
    )(x)


def norm(x, normalize):
    return LocalResponseNormalization(2, 2, 1e-4, 0.75)(x) if normalize else x


def build_model(
    classes=1000,
    widths=(96, 256, 384, 384, 256),
    hidden=4096,
    towers=2,
    normalize=True,
    size=227,
    margin=0,
):
    """Build the model; with these defaults it has 60,965,224 parameters.

    image: f32[N, 227, 227, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.ZeroPadding2D(margin)(image)
    x = conv(x, widths[0], 11, 4, "valid")
    x = norm(x, normalize=normalize)
    x = layers.MaxPooling2D(3, 2)(x)
    x = conv(x, widths[1], 5, groups=towers)
    x = norm(x, normalize=normalize)
    x = layers.MaxPooling2D(3, 2)(x)
    x = conv(x, widths[2], 3)
    x = conv(x, widths[3], 3, groups=towers)
    x = conv(x, widths[4], 3, groups=towers)
    x = layers.MaxPooling2D(3, 2)(x)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(hidden, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="alexnet")
