"""inception_v3: Rethinking the Inception architecture, with factorised convolutions.

Szegedy et al. 2015, arXiv:1512.00567 (as in keras.applications.InceptionV3)
Written by Netwright 0.1.0 from inception_v3.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def width(filters, scale):
    return max(1, round(scale * filters))


def conv(x, filters, kernel, strides=1, padding="same", *, scale):
    x = layers.Conv2D(
        width(filters, scale=scale),
        kernel,
        strides,
        padding,
        use_bias=False,
    )(x)
    x = layers.BatchNormalization(scale=False)(x)
    return layers.ReLU()(x)


def pooled(x, filters, scale):
    x = layers.AveragePooling2D(3, 1, padding="same")(x)
    return conv(x, filters, 1, scale=scale)


def grid(x, pool, scale):
    branch_1 = conv(x, 64, 1, scale=scale)
    branch_2 = conv(x, 48, 1, scale=scale)
    branch_2 = conv(branch_2, 64, 5, scale=scale)
    branch_3 = conv(x, 64, 1, scale=scale)
    branch_3 = conv(branch_3, 96, 3, scale=scale)
    branch_3 = conv(branch_3, 96, 3, scale=scale)
    branch_4 = pooled(x, pool, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def factorised(x, w, scale):
    branch_1 = conv(x, 192, 1, scale=scale)
    branch_2 = conv(x, w, 1, scale=scale)
    branch_2 = conv(branch_2, w, (1, 7), scale=scale)
    branch_2 = conv(branch_2, 192, (7, 1), scale=scale)
    branch_3 = conv(x, w, 1, scale=scale)
    branch_3 = conv(branch_3, w, (7, 1), scale=scale)
    branch_3 = conv(branch_3, w, (1, 7), scale=scale)
    branch_3 = conv(branch_3, w, (7, 1), scale=scale)
    branch_3 = conv(branch_3, 192, (1, 7), scale=scale)
    branch_4 = pooled(x, 192, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def expanded(x, scale):
    branch_1 = conv(x, 320, 1, scale=scale)
    branch_2 = conv(x, 384, 1, scale=scale)
    branch_2_1 = conv(branch_2, 384, (1, 3), scale=scale)
    branch_2_2 = conv(branch_2, 384, (3, 1), scale=scale)
    branch_2 = layers.Concatenate()([branch_2_1, branch_2_2])
    branch_3 = conv(x, 448, 1, scale=scale)
    branch_3 = conv(branch_3, 384, 3, scale=scale)
    branch_3_1 = conv(branch_3, 384, (1, 3), scale=scale)
    branch_3_2 = conv(branch_3, 384, (3, 1), scale=scale)
    branch_3 = layers.Concatenate()([branch_3_1, branch_3_2])
    branch_4 = pooled(x, 192, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def build_model(classes=1000, scale=1.0, size=299):
    """Build the model; with these defaults it has 23,851,784 parameters.

    image: f32[N, 299, 299, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv(image, 32, 3, 2, "valid", scale=scale)
    x = conv(x, 32, 3, 1, "valid", scale=scale)
    x = conv(x, 64, 3, scale=scale)
    x = layers.MaxPooling2D(3, 2)(x)
    x = conv(x, 80, 1, 1, "valid", scale=scale)
    x = conv(x, 192, 3, 1, "valid", scale=scale)
    x = layers.MaxPooling2D(3, 2)(x)
    x = grid(x, 32, scale=scale)
    x = grid(x, 64, scale=scale)
    x = grid(x, 64, scale=scale)
    branch_1 = conv(x, 384, 3, 2, "valid", scale=scale)
    branch_2 = conv(x, 64, 1, scale=scale)
    branch_2 = conv(branch_2, 96, 3, scale=scale)
    branch_2 = conv(branch_2, 96, 3, 2, "valid", scale=scale)
    branch_3 = layers.MaxPooling2D(3, 2)(x)
    x = layers.Concatenate()([branch_1, branch_2, branch_3])
    x = factorised(x, 128, scale=scale)
    for _ in range(2):
        x = factorised(x, 160, scale=scale)
    x = factorised(x, 192, scale=scale)
    branch_1 = conv(x, 192, 1, scale=scale)
    branch_1 = conv(branch_1, 320, 3, 2, "valid", scale=scale)
    branch_2 = conv(x, 192, 1, scale=scale)
    branch_2 = conv(branch_2, 192, (1, 7), scale=scale)
    branch_2 = conv(branch_2, 192, (7, 1), scale=scale)
    branch_2 = conv(branch_2, 192, 3, 2, "valid", scale=scale)
    branch_3 = layers.MaxPooling2D(3, 2)(x)
    x = layers.Concatenate()([branch_1, branch_2, branch_3])
    for _ in range(2):
        x = expanded(x, scale=scale)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="inception_v3")
