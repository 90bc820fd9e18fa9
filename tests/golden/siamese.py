"""siamese: One-shot recognition by comparing two images, each through the same tower.

Koch, Zemel and Salakhutdinov 2015, Siamese neural networks for one-shot image
recognition
Written by Netwright 0.1.0 from siamese.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def describe(x, width, features):
    x = layers.Conv2D(width, 10, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(2 * width, 7, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(2 * width, 4, activation="relu")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(4 * width, 4, activation="relu")(x)
    x = layers.Flatten()(x)
    return layers.Dense(features, activation="sigmoid")(x)


def build_model(width=64, features=4096, size=105):
    """Build the model; with these defaults it has 38,951,745 parameters.

    left: f32[N, 105, 105, 1], right: f32[N, 105, 105, 1] -> output: f32[N, 1]
    """
    left = keras.Input((size, size, 1), name="left")
    right = keras.Input((size, size, 1), name="right")
    x = keras.Input(left.shape[1:])
    tower = keras.Model(x, describe(x, width, features), name="tower")
    x = tower(left)
    y = tower(right)
    x = layers.Dense(1, activation="sigmoid")(ops.abs(x - y))
    return keras.Model({"left": left, "right": right}, x, name="siamese")
