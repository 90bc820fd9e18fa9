"""fully_connected: Nets of fully connected layers as courses draw them, said by the
sizes of their layers.

Karpathy et al., CS231n (Stanford), Neural networks part 1: 3-4-2 has 26 parameters,
3-4-4-1 has 41
Written by Netwright 0.1.0 from fully_connected.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(sizes=(3, 4, 4, 1)):
    """Build the model; with these defaults it has 41 parameters.

    x: f32[N, 3] -> output: f32[N, 1]
    """
    x = keras.Input((sizes[0],), name="x")
    y = x
    for units in sizes[1:-1]:
        y = layers.Dense(units, activation="sigmoid")(y)
    y = layers.Dense(sizes[-1])(y)
    return keras.Model(x, y, name="fully_connected")
