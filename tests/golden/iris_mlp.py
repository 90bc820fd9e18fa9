"""iris_mlp: One hidden layer over the four measurements of Fisher's irises.

Fisher 1936, The use of multiple measurements in taxonomic problems
Written by Netwright 0.1.0 from iris_mlp.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(hidden=16, classes=3):
    """Build the model; with these defaults it has 131 parameters.

    x: f32[N, 4] -> output: f32[N, 3]
    """
    x = keras.Input((4,), name="x")
    y = layers.Dense(units=hidden, activation="relu")(x)
    y = layers.Dense(classes, activation="softmax")(y)
    return keras.Model(x, y, name="iris_mlp")
