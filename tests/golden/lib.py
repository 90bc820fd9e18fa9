"""lib

Written by Netwright 0.1.0 from lib.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def mlp(x, n=3, *, hidden, act):
    x = layers.Dense(hidden, activation=act)(x)
    return out(x, n)


def out(x, n):
    return layers.Dense(n)(x)


def build_model(width=8, hidden=None, act="tanh"):
    """Build the model; with these defaults it has 99 parameters.

    x: f32[N, 2] -> output: f32[N, 3]
    """
    if hidden is None:
        hidden = 2 * width
    x = keras.Input((2,), name="x")
    y = mlp(x, hidden=hidden, act=act)
    return keras.Model(x, y, name="lib")
