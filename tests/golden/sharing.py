"""sharing

Written by Netwright 0.1.0 from sharing.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def tower(x, n):
    x = layers.Dense(n, activation="relu")(x)
    return layers.Dense(n)(x)


def pair(x):
    g = layers.Dense(8)
    x = g(x)
    return g(x)


def mix(p, q, n):
    x = layers.Concatenate()([p, q])
    return layers.Dense(n)(x)


def tied(x):
    y = keras.Input(x.shape[1:])
    t = keras.Model(y, tower(y, 8))
    y = t(x)
    z = t(x)
    return y + z


def headed(x, head):
    return head(x)


def build_model(width=8):
    """Build the model; with these defaults it has 1,598 parameters.

    a: f32[N, T, 8], b: f32[N, T, 8] -> out: f32[N, T, 4], aux: f32[N, T, 2]
    """
    a = keras.Input((None, 8), name="a")
    b = keras.Input((None, 8), name="b")
    head = layers.Dense(8)
    seq = keras.Sequential([layers.Dense(8), layers.ReLU(), layers.Dense(8)])
    x = keras.Input((None, 8))
    enc = keras.Model(x, tower(x, width), name="enc")
    mixer_p = keras.Input((None, 8))
    mixer_q = keras.Input((None, 8))
    mixer = keras.Model([mixer_p, mixer_q], mix(mixer_p, mixer_q, 8), name="mixer")
    f = layers.Dense(8)
    x = keras.Input((None, 8))
    y = layers.Dense(8)(x)
    g = keras.Model(x, layers.Dense(8)(ops.square(y)), name="g")
    x = f(a)
    x = enc(x)
    x = seq(x)
    x = pair(x)
    x = tied(x)
    x = headed(x, head=head)
    x = g(x)
    x = g(x)
    y = f(b)
    y = enc(y)
    y = seq(y)
    y = headed(y, head=head)
    m = mixer([x, y])
    n = mixer([y, m])
    dense = layers.Dense(8)
    k = n
    for _ in range(3):
        k = dense(k)
    r = layers.LSTM(8, return_sequences=True)(k)
    out = layers.Dense(4)(r)
    aux = layers.Dense(2)(r)
    aux = layers.Softmax()(aux)
    return keras.Model({"a": a, "b": b}, {"out": out, "aux": aux}, name="sharing")
