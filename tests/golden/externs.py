"""externs: Layers of the user's own, in blocks, repeated, shared, and with several
tensors.

Written by Netwright 0.1.0 from externs.yaml; depends on Keras and acme.
"""

import keras
from acme.layers import Gated, Pair, Rotary
from acme.more import Rotary as Rotary_
from keras import layers


def Gated_(x, f, D):
    x = Rotary(base=10 * D)(x)
    return f(x)


def build_model(D=6, rate=0.1):
    """Build the model; with these defaults it has 484 parameters.

    x: f32[N, T, 6] -> output: f32[N, T, 4]
    """
    x = keras.Input((None, D), name="x")
    same = Gated(units=D, rate=rate, momentum=rate + 0.5)
    y = Gated_(x, lambda x: Gated(units=D, rate=rate, momentum=rate + 0.5)(x), D=D)
    for _ in range(2):
        y = Gated(units=D, rate=0.2, momentum=0.2 + 0.5)(y)
    y = Rotary(base=3)(y)
    y = same(y)
    y = same(y)
    z = Gated(units=D, rate=rate, momentum=0.5)(x)
    a, _ = Pair()(y, z)
    y = Rotary_()(a + x)
    y = layers.Dense(4)(y)
    return keras.Model(x, y, name="externs")
