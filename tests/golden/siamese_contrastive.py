"""siamese_contrastive: Koch's towers trained by contrastive loss, without the layer
that weighs differences; the output is the loss.

Koch, Zemel and Salakhutdinov 2015; Hadsell, Chopra and LeCun 2006
Written by Netwright 0.1.0 from siamese_contrastive.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def squared_distance(a, b):
    return ops.sum(ops.square(a - b), axis=-1)


def contrastive(a, b, alike, margin=1):
    squares = squared_distance(a, b)
    apart = layers.ReLU()(margin - ops.sqrt(squares + 1e-12))
    return ops.where(alike, squares, ops.square(apart))


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


def build_model(width=64, features=4096, size=105, margin=1):
    """Build the model; with these defaults it has 38,947,648 parameters.

    left: f32[N, 105, 105, 1], right: f32[N, 105, 105, 1], alike: bool[N] -> output:
    f32[N]
    """
    left = keras.Input((size, size, 1), name="left")
    right = keras.Input((size, size, 1), name="right")
    alike = keras.Input((), dtype="bool", name="alike")
    x = keras.Input(left.shape[1:])
    tower = keras.Model(x, describe(x, width, features), name="tower")
    x = tower(left)
    y = tower(right)
    x = contrastive(x, y, alike, margin)
    return keras.Model(
        {"left": left, "right": right, "alike": alike}, x, name="siamese_contrastive"
    )
