"""facenet_nn2: The inception net NN2 of FaceNet, 128 numbers for a face, by triplet
loss; the output is the loss.

Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832, table 2; openface as in
CMU's nn2.def.lua
Written by Netwright 0.1.0 from facenet_nn2.yaml; depends on Keras alone.
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


def squared_distance(a, b):
    return ops.sum(ops.square(a - b), axis=-1)


def triplet(anchor, positive, negative, margin=0.2):
    x = squared_distance(anchor, positive)
    y = squared_distance(anchor, negative)
    return layers.ReLU()(x - y + margin)


def caffe_normalize(x):
    return LocalResponseNormalization(2, 1.0, 1e-4 / 5, 0.75)(x)


def conv(x, filters, kernel, strides=1, *, scale, normalize):
    y = layers.Conv2D(
        max(1, round(scale * filters)),
        kernel,
        strides,
        padding="same",
    )(x)
    x = layers.BatchNormalization()(y) if normalize else y
    return layers.ReLU()(x)


def max_pool(x, strides=1):
    return layers.MaxPooling2D(3, strides, padding="same")(x)


def l2_pool(x):
    y = layers.AveragePooling2D(3, 1, padding="same")(ops.square(x))
    return ops.sqrt(9 * y + 1e-12)


def inception(x, a, b_in, b, c_in, c, pool_, d, scale, normalize):
    branch_1 = conv(x, a, 1, scale=scale, normalize=normalize)
    branch_2 = conv(x, b_in, 1, scale=scale, normalize=normalize)
    branch_2 = conv(branch_2, b, 3, scale=scale, normalize=normalize)
    branch_3 = conv(x, c_in, 1, scale=scale, normalize=normalize)
    branch_3 = conv(branch_3, c, 5, scale=scale, normalize=normalize)
    branch_4 = pool_(x)
    branch_4 = conv(branch_4, d, 1, scale=scale, normalize=normalize)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def reduction(x, b_in, b, c_in, c, scale, normalize):
    branch_1 = conv(x, b_in, 1, scale=scale, normalize=normalize)
    branch_1 = conv(branch_1, b, 3, 2, scale=scale, normalize=normalize)
    branch_2 = conv(x, c_in, 1, scale=scale, normalize=normalize)
    branch_2 = conv(branch_2, c, 5, 2, scale=scale, normalize=normalize)
    branch_3 = max_pool(x, 2)
    return layers.Concatenate()([branch_1, branch_2, branch_3])


def embed(x, units, scale, normalize):
    x = conv(x, 64, 7, 2, scale=scale, normalize=normalize)
    x = max_pool(x, 2)
    x = caffe_normalize(x)
    x = conv(x, 64, 1, scale=scale, normalize=normalize)
    x = conv(x, 192, 3, scale=scale, normalize=normalize)
    x = caffe_normalize(x)
    x = max_pool(x, 2)
    x = inception(
        x, 64, 96, 128, 16, 32, max_pool, 32, scale=scale, normalize=normalize
    )
    x = inception(x, 64, 96, 128, 32, 64, l2_pool, 64, scale=scale, normalize=normalize)
    x = reduction(x, 128, 256, 32, 64, scale=scale, normalize=normalize)
    x = inception(
        x, 256, 96, 192, 32, 64, l2_pool, 128, scale=scale, normalize=normalize
    )
    x = inception(
        x, 224, 112, 224, 32, 64, l2_pool, 128, scale=scale, normalize=normalize
    )
    x = inception(
        x, 192, 128, 256, 32, 64, l2_pool, 128, scale=scale, normalize=normalize
    )
    x = inception(
        x, 160, 144, 288, 32, 64, l2_pool, 128, scale=scale, normalize=normalize
    )
    x = reduction(x, 160, 256, 64, 128, scale=scale, normalize=normalize)
    x = inception(
        x, 384, 192, 384, 48, 128, l2_pool, 128, scale=scale, normalize=normalize
    )
    x = inception(
        x, 384, 192, 384, 48, 128, max_pool, 128, scale=scale, normalize=normalize
    )
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(units)(x)
    return layers.UnitNormalization()(x)


def build_model(units=128, scale=1.0, size=224, margin=0.2, normalize=False):
    """Build the model; with these defaults it has 7,456,304 parameters.

    anchor: f32[N, 224, 224, 3], positive: f32[N, 224, 224, 3], negative: f32[N, 224,
    224, 3] -> output: f32[N]
    """
    anchor = keras.Input((size, size, 3), name="anchor")
    positive = keras.Input((size, size, 3), name="positive")
    negative = keras.Input((size, size, 3))
    x = keras.Input(anchor.shape[1:])
    face = keras.Model(
        x, embed(x, units, scale=scale, normalize=normalize), name="face"
    )
    x = face(anchor)
    y = face(positive)
    z = face(negative)
    x = triplet(x, y, z, margin)
    return keras.Model(
        {"anchor": anchor, "positive": positive, "negative": negative},
        x,
        name="facenet_nn2",
    )
