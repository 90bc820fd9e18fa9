"""heads: A model that ends in as many outputs as a list says.

Written by Netwright 0.1.0 from heads.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(sizes=(2, 3)):
    """Build the model; with these defaults it has 25 parameters.

    x: f32[N, 4] -> output_0: f32[N, 2], output_1: f32[N, 3]
    """
    x = keras.Input((4,), name="x")
    y = [layers.Dense(size)(x) for size in sizes]
    return keras.Model(x, {"output_0": y[0], "output_1": y[1]}, name="heads")
