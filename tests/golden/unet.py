"""unet: U-Net as published, valid convolutions, 572x572 to 388x388; the net is one
recursive block.

Ronneberger, Fischer and Brox 2015, arXiv:1505.04597
Written by Netwright 0.1.0 from unet.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def double_conv(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
    return x


def level(x, filters, below):
    skip = double_conv(x, filters)
    if below > 0:
        y = layers.MaxPooling2D()(skip)
        y = level(y, 2 * filters, below - 1)
        y = layers.Conv2DTranspose(filters, 2, 2, activation="relu")(y)
    else:
        y = skip
    return join(skip, y, filters) if below > 0 else skip


def join(skip, y, filters):
    margin = (skip.shape[1] - y.shape[1]) // 2
    x = layers.Cropping2D(margin)(skip)
    x = layers.Concatenate()([x, y])
    return double_conv(x, filters)


def build_model(classes=2, width=64, depth=4, size=572):
    """Build the model; with these defaults it has 31,030,658 parameters.

    image: f32[N, 572, 572, 1] -> output: f32[N, 388, 388, 2]
    """
    image = keras.Input((size, size, 1), name="image")
    x = level(image, width, depth)
    x = layers.Conv2D(classes, 1, activation="softmax")(x)
    return keras.Model(image, x, name="unet")
