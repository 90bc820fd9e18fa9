"""fast_style: A feed-forward net that repaints an image in one style, for which it was
trained by perceptual losses.

Johnson, Alahi and Fei-Fei 2016, arXiv:1603.08155, table 1 of the supplement (counts
as public implementations give them)
Written by Netwright 0.1.0 from fast_style.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def conv(x, filters, kernel, strides=1, padding="same"):
    x = layers.Conv2D(filters, kernel, strides, padding)(x)
    return layers.BatchNormalization()(x)


def residual(x, filters):
    y = conv(x, filters, 3, 1, "valid")
    y = layers.ReLU()(y)
    y = conv(y, filters, 3, 1, "valid")
    z = layers.Cropping2D(2)(x)
    return y + z


def up(x, filters):
    x = layers.Conv2DTranspose(filters, 3, 2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def reflect(x, margin):
    return ops.pad(
        x, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="reflect"
    )


def build_model(width=32, depth=5, size=256):
    """Build the model; with these defaults it has 1,682,435 parameters.

    image: f32[N, 256, 256, 3] -> output: f32[N, 256, 256, 3]
    """
    image = keras.Input((size, size, 3), name="image")
    y = reflect(image, 8 * depth)
    y = conv(y, width, 9)
    y = layers.ReLU()(y)
    y = conv(y, 2 * width, 3, 2)
    y = layers.ReLU()(y)
    y = conv(y, 4 * width, 3, 2)
    y = layers.ReLU()(y)
    for _ in range(depth):
        y = residual(y, 4 * width)
    y = up(y, 2 * width)
    y = up(y, width)
    y = layers.Conv2D(3, 9, padding="same", activation="tanh")(y)
    return keras.Model(image, 127.5 * (y + 1), name="fast_style")
