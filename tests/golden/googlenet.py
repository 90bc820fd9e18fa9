"""googlenet: Going deeper with convolutions, Inception v1 without the auxiliary heads.

Szegedy et al. 2014, arXiv:1409.4842 (counts as in Caffe's bvlc_googlenet)
Written by Netwright 0.1.0 from googlenet.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


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


def lrn(x, size=5, alpha=1e-4, beta=0.75):
    C = x.shape[-1]
    squares = ops.pad(ops.square(x), ((0, 0), (0, 0), (0, 0), (size // 2, size // 2)))
    total = layers.Add()([squares[..., i : i + C] for i in range(size)])
    return x / (1 + alpha / size * total) ** beta


def inception(x, a, b_in, b, c_in, c, d, scale):
    branch_1 = conv(x, a, 1, scale=scale)
    branch_2 = conv(x, b_in, 1, scale=scale)
    branch_2 = conv(branch_2, b, 3, scale=scale)
    branch_3 = conv(x, c_in, 1, scale=scale)
    branch_3 = conv(branch_3, c, 5, scale=scale)
    branch_4 = layers.MaxPooling2D(3, 1, padding="same")(x)
    branch_4 = conv(branch_4, d, 1, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def build_model(classes=1000, scale=1.0, size=224):
    """Build the model; with these defaults it has 6,998,552 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv(image, 64, 7, 2, scale=scale)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = lrn(x)
    x = conv(x, 64, 1, scale=scale)
    x = conv(x, 192, 3, scale=scale)
    x = lrn(x)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = inception(x, 64, 96, 128, 16, 32, 32, scale=scale)
    x = inception(x, 128, 128, 192, 32, 96, 64, scale=scale)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = inception(x, 192, 96, 208, 16, 48, 64, scale=scale)
    x = inception(x, 160, 112, 224, 24, 64, 64, scale=scale)
    x = inception(x, 128, 128, 256, 24, 64, 64, scale=scale)
    x = inception(x, 112, 144, 288, 32, 64, 64, scale=scale)
    x = inception(x, 256, 160, 320, 32, 128, 128, scale=scale)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = inception(x, 256, 160, 320, 32, 128, 128, scale=scale)
    x = inception(x, 384, 192, 384, 48, 128, 128, scale=scale)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.4)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="googlenet")
