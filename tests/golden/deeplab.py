"""deeplab: DeepLab on VGG16, atrous convolutions in place of the last two poolings;
LargeFOV, its forerunners, and v2.

Chen et al. 2014, arXiv:1412.7062, table 2, and 2016, arXiv:1606.00915, section 4.2
Written by Netwright 0.1.0 from deeplab.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def convolutions(x, filters, depth, dilation=1):
    for _ in range(depth):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
        )(x)
    return x


def stage(x, filters, depth, strides=2, dilation=1):
    x = convolutions(x, filters, depth, dilation)
    return layers.MaxPooling2D(3, strides, padding="same")(x)


def scores(x, rate, classes, hidden, kernel):
    x = layers.Conv2D(
        hidden,
        kernel,
        padding="same",
        dilation_rate=rate,
        activation="relu",
    )(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Conv2D(hidden, 1, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return layers.Conv2D(classes, 1)(x)


def build_model(
    classes=21,
    width=64,
    hidden=1024,
    kernel=3,
    rates=(12,),
    average=True,
    size=321,
):
    """Build the model; with these defaults it has 20,505,429 parameters.

    image: f32[N, 321, 321, 3] -> output: f32[N, 321, 321, 21]
    """
    image = keras.Input((size, size, 3), name="image")
    x = stage(image, width, 2)
    x = stage(x, 2 * width, 2)
    x = stage(x, 4 * width, 3)
    x = stage(x, 8 * width, 3, strides=1)
    x = stage(x, 8 * width, 3, strides=1, dilation=2)
    x = layers.AveragePooling2D(3, 1, padding="same")(x) if average else x
    y = [
        scores(x, rate, classes=classes, hidden=hidden, kernel=kernel) for rate in rates
    ]
    y = layers.Add()(y)
    y = layers.Resizing(size, size)(y)
    return keras.Model(image, y, name="deeplab")
