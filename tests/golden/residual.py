"""residual: Layers as arguments "quoted" \\ back

Written by Netwright 0.1.0 from residual.yaml; depends on Keras alone.
"""

import keras
from keras import layers


@keras.saving.register_keras_serializable("residual")
def gelu_activation(x):
    return keras.activations.gelu(x, approximate=True)


def residual(x, f):
    y = f(x)
    return x + y


def conv(x, filters, act=keras.activations.relu):
    x = layers.Conv2D(filters, 3, padding="same")(x)
    return act(x)


def conv_attr(x, filters, act=keras.activations.relu):
    return layers.Conv2D(filters, 3, padding="same", activation=act)(x)


def maybe(x, f, go=True):
    return f(x) if go else x


def twice(x, f):
    for _ in range(2):
        x = f(x)
    return x


def deep(x, n):
    if n > 0:
        x = deep(x, n - 1)
        return conv(x, 16)
    return x


def both(a, b, g):
    return g(a, b)


def swap2(x):
    a = conv(x, 4)
    b = conv(x, 8, act=keras.activations.tanh)
    return layers.Concatenate()([b, a])


def half(n):
    return n // 2


def build_model(
    width=16,
    depth=2,
    widths=(8, 16),
    flag=False,
    act="relu",
    hidden=None,
    limit=None,
):
    """Build the model; with these defaults it has 30,076 parameters.

    x: f32[N, 8, 8, 16] -> output: f32[N, 3]
    """
    if hidden is None:
        hidden = 4 * width
    x = keras.Input((8, 8, 16), name="x")
    y = residual(x, lambda x: conv(x, width))
    y = residual(y, lambda x: layers.Conv2D(16, 1)(x))
    y = residual(y, keras.activations.relu)

    def layer(x):
        x = layers.Conv2D(16, 1)(x)
        x = layers.ReLU()(x)
        return layers.Conv2D(16, 1)(x)

    z = residual(y, layer)

    def f(x):
        x = layers.Conv2D(16, 3, padding="same")(x)
        return layers.BatchNormalization()(x)

    w = f(z)
    w = f(w)
    w = twice(w, f)
    w = maybe(w, f)
    w = maybe(w, f, go=False)
    v = deep(w, 2)
    v = conv_attr(v, 16, act=keras.activations.gelu)
    v = conv_attr(v, 16)
    u = both(v, w, lambda *tensors: layers.Add()(tensors))
    s = swap2(u)
    t = s
    for k in widths:
        if k > 4:
            t = layers.Conv2D(k, 3, padding="same")(t)
            t = layers.ReLU()(t) if act == "relu" else keras.activations.gelu(t)
    t = layers.Dropout(0.1)(t) if flag else t
    q = [layers.Conv2D(half(n), 1)(t) for n in widths]
    q = layers.Concatenate()(q)
    items = []
    for n in (1, 2, 3):
        z_1 = layers.AveragePooling2D(n, 1, padding="same")(t)
        items.append(layers.Conv2D(3, 1)(z_1))
    r = layers.Concatenate()(items)
    y = layers.Concatenate()([q, r])
    y = layers.GlobalAveragePooling2D()(y)
    y = layers.Dense(hidden, activation=layers.LeakyReLU(0.1))(y)
    y = layers.Dense(
        3,
        activation=gelu_activation,
        kernel_regularizer=keras.regularizers.L2(1e-4),
    )(y)
    return keras.Model(x, y, name="residual")
