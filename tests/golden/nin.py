"""nin: Network in network, small dense nets slid over CIFAR images, and no dense layers
at the end.

Lin, Chen and Yan 2013, arXiv:1312.4400 (counts as in imgclsmob's nin_cifar10)
Written by Netwright 0.1.0 from nin.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def mlpconv(x, kernel, maps):
    x = layers.Conv2D(maps[0], kernel, padding="same", activation="relu")(x)
    for filters in maps[1:]:
        x = layers.Conv2D(filters, 1, activation="relu")(x)
    return x


def build_model(
    classes=10,
    first=(192, 160, 96),
    second=(192, 192, 192),
    third=(192, 192),
):
    """Build the model; with these defaults it has 966,986 parameters.

    image: f32[N, 32, 32, 3] -> output: f32[N, 10]
    """
    image = keras.Input((32, 32, 3), name="image")
    x = mlpconv(image, 5, first)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = layers.Dropout(0.5)(x)
    x = mlpconv(x, 5, second)
    x = layers.AveragePooling2D(3, 2, padding="same")(x)
    x = layers.Dropout(0.5)(x)
    x = mlpconv(x, 3, third)
    x = layers.Conv2D(classes, 1, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Softmax()(x)
    return keras.Model(image, x, name="nin")
