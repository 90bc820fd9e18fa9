"""fcn_alexnet: A fully convolutional network on CaffeNet, scores of stride 32 for every
pixel.

Long, Shelhamer and Darrell 2015, arXiv:1411.4038 (counts as in
fcn.berkeleyvision.org, voc-fcn-alexnet)
Written by Netwright 0.1.0 from fcn_alexnet.yaml; depends on Keras alone.
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


def scores(x, kernel, hidden, classes, rate):
    x = layers.Conv2D(hidden, kernel, activation="relu")(x)
    x = layers.Dropout(rate)(x)
    x = layers.Conv2D(hidden, 1, activation="relu")(x)
    x = layers.Dropout(rate)(x)
    return layers.Conv2D(classes, 1)(x)


def upsampled(x, times, kernel=None):
    if kernel is None:
        kernel = 2 * times
    C = x.shape[-1]
    return layers.Conv2DTranspose(C, kernel, times, use_bias=False)(x)


def cropped(x, offset, size):
    return x[:, offset : offset + size, offset : offset + size]


def pool(x, pad=0):
    _, H, W, _ = x.shape
    rows = (pad, pad + (H + 1) % 2)
    columns = (pad, pad + (W + 1) % 2)
    y = layers.ZeroPadding2D((rows, columns))(x) if sum(rows + columns) > 0 else x
    return layers.MaxPooling2D(3, 2)(y)


def normalize(x):
    return LocalResponseNormalization(2, 1.0, 1e-4 / 5, 0.75)(x)


def convolutions(x, width, pad=0):
    x = layers.Conv2D(3 * width, 11, 4, activation="relu")(x)
    x = pool(x, pad)
    x = normalize(x)
    x = layers.Conv2D(8 * width, 5, padding="same", groups=2, activation="relu")(x)
    x = pool(x, pad)
    x = normalize(x)
    x = layers.Conv2D(12 * width, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(12 * width, 3, padding="same", groups=2, activation="relu")(x)
    return layers.Conv2D(8 * width, 3, padding="same", groups=2, activation="relu")(x)


def build_model(classes=21, width=32, hidden=4096, rate=0.5, size=500):
    """Build the model; with these defaults it has 58,704,590 parameters.

    image: f32[N, 500, 500, 3] -> output: f32[N, 500, 500, 21]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.ZeroPadding2D(100)(image)
    x = convolutions(x, width)
    x = pool(x)
    x = scores(x, 6, hidden, classes, rate)
    x = upsampled(x, 32, kernel=63)
    x = cropped(x, 18, size)
    return keras.Model(image, x, name="fcn_alexnet")
