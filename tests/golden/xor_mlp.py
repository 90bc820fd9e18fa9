"""xor_mlp: The smallest net that computes exclusive or, two hidden units.

Rumelhart, Hinton and Williams 1986, Learning internal representations by error
propagation
Written by Netwright 0.1.0 from xor_mlp.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model():
    """Build the model; with these defaults it has 9 parameters.

    x: f32[N, 2] -> output: f32[N, 1]
    """
    x = keras.Input((2,), name="x")
    y = layers.Dense(units=2, activation="tanh", kernel_initializer="glorot_normal")(x)
    y = layers.Dense(1, activation="sigmoid")(y)
    return keras.Model(x, y, name="xor_mlp")
