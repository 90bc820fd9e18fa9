"""choices: A model that ends in one tensor or, with heads, in several.

Written by Netwright 0.1.0 from choices.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(heads=False, classes=3):
    """Build the model; with these defaults it has 75 parameters.

    x: f32[N, 8] -> output: f32[N, 3]
    """
    x = keras.Input((8,), name="x")
    a = layers.Dense(6, activation="relu")(x)
    b = layers.Dense(classes, activation="softmax")(a)
    if heads:
        y = layers.Dense(classes)(a)
        y = layers.Softmax()(y)
        return keras.Model(x, {"output_0": b, "output_1": y}, name="choices")
    return keras.Model(x, b, name="choices")
