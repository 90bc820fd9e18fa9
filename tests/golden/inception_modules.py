"""inception_modules: The naive inception module, and the one that reduces its input
with 1x1 convolutions before the large ones.

Szegedy et al. 2014, arXiv:1409.4842, figure 2; widths as in Stanford's CS231n 2017,
lecture 9
Written by Netwright 0.1.0 from inception_modules.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, filters, kernel, scale):
    return layers.Conv2D(
        round(scale * filters),
        kernel,
        padding="same",
        activation="relu",
    )(x)


def naive(x, scale):
    branch_1 = conv(x, 128, 1, scale=scale)
    branch_2 = conv(x, 192, 3, scale=scale)
    branch_3 = conv(x, 96, 5, scale=scale)
    branch_4 = layers.MaxPooling2D(3, 1, padding="same")(x)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def inception(x, scale):
    branch_1 = conv(x, 128, 1, scale=scale)
    branch_2 = conv(x, 64, 1, scale=scale)
    branch_2 = conv(branch_2, 192, 3, scale=scale)
    branch_3 = conv(x, 64, 1, scale=scale)
    branch_3 = conv(branch_3, 96, 5, scale=scale)
    branch_4 = layers.MaxPooling2D(3, 1, padding="same")(x)
    branch_4 = conv(branch_4, 64, 1, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def build_model(size=28, channels=256, scale=1.0, reduced=True):
    """Build the model; with these defaults it has 346,720 parameters.

    x: f32[N, 28, 28, 256] -> output: f32[N, 28, 28, 480]
    """
    x = keras.Input((size, size, channels), name="x")
    y = inception(x, scale=scale) if reduced else naive(x, scale=scale)
    return keras.Model(x, y, name="inception_modules")
