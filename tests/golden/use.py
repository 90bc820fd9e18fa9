"""use: tricky \"\"\" text \\ with tab, \u202e bidi, \x07 bell

ends with a quote"
Written by Netwright 0.1.0 from use.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops

WIDTH = 8
HIDDEN = 16
ACT = "tanh"


def mlp(x, n=3):
    x = layers.Dense(HIDDEN, activation=ACT)(x)
    return lib_out(x, n)


def lib_out(x, n):
    return layers.Dense(n)(x)


def scale(k):
    return k * WIDTH


def out(x, width):
    return layers.Dense(width)(x)


def pyramid(x, ws):
    for w in ws:
        x = layers.Dense(w)(x)
    return x


def two(x, n):
    h = layers.Dense(n)(x)
    g = layers.Dense(n + 1)(x)
    return h, g


def fold(x, fs):
    for f in fs:
        x = f(x)
    return x


def couple(a, b):
    return a + b, a - b


def build_model(
    width=4,
    ratio=0.5,
    deep=True,
    names=("relu", "gelu"),
    big=1_000_000,
    neg=-3,
    tiny=1e-7,
):
    """Build the model; with these defaults it has 1,102 parameters.

    x: f32[N, 2], y: f32[1, 2] -> output: f32[N, 4]
    """
    x = keras.Input((2,), name="x")
    y = keras.Input((2,), batch_size=1, name="y")
    a = mlp(x)
    a = out(a, width=width)
    a = mlp(a, n=scale(2) if deep else 3)
    p, q = two(a, 5)
    r = layers.Concatenate()([p, q])
    r = pyramid(r, (4, width, 2))

    def layer(x):
        x = layers.Dense(8)(x)
        return keras.activations.tanh(x)

    s = fold(r, [lambda x: layers.Dense(4)(x), keras.activations.relu, layer])
    t = s
    u = s
    for _ in range(2):
        t, u = couple(t, u)
    v = couple(t, u)
    v = layers.Concatenate()(v)
    w = x[:, 0:1] * 2 - 1
    z = layers.Dense(16)(v)
    m = ops.stack([v, z], axis=1)
    z_1 = layers.Activation(names[0])(x)
    z = ops.greater(z_1, 0.5)
    k = ops.where(z, x, 0.0)
    z = layers.Dense(2)(v)
    z_1 = ops.expand_dims(ops.sum(m, axis=(1, 2), keepdims=False), -1)
    z = out(z + z_1 + w + k**2 / (1 + abs(neg)), width=width)
    return keras.Model({"x": x, "y": y}, z, name="use")
