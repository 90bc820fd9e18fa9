"""sizes

Written by Netwright 0.1.0 from sizes.yaml; depends on Keras alone.
"""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Arange(layers.Layer):
    """The numbers of ops.arange(start, stop, step), as a part of a model.

    Keras computes at once what depends on no input, and does not make the layers
    that are applied to it part of the model. So this takes a tensor of the model.
    Without numbers it counts to the size of that tensor's `axis`.
    """

    def __init__(self, start=None, stop=None, step=1, dtype="int32", axis=1, **kwargs):
        super().__init__(dtype=dtype, autocast=False, **kwargs)
        self.bounds = (start, stop, step)
        self.axis = axis

    def call(self, x):
        start, stop, step = self.bounds
        if start is None:
            start = ops.shape(x)[self.axis]
        if stop is None:
            start, stop = 0, start
        return ops.arange(start, stop, step, dtype=self.compute_dtype)

    def compute_output_spec(self, x):
        start, stop, step = self.bounds
        if start is None:
            size = x.shape[self.axis]
        elif stop is None:
            size = -(-start // step)
        else:
            size = -(-(stop - start) // step)
        return keras.KerasTensor((size,), self.compute_dtype)

    def get_config(self):
        start, stop, step = self.bounds
        config = {"start": start, "stop": stop, "step": step, "axis": self.axis}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("sizes")
def positions_at_run_time(tokens):
    return positions(ops.shape(tokens)[1], 8)


@keras.saving.register_keras_serializable("sizes")
def value_at_run_time(tensors):
    return tensors[0][:, : ops.shape(tensors[1])[1] - 1]


def positions(n, d):
    x = ops.expand_dims(ops.arange(n, dtype="float32"), 1)
    y = 10_000 ** (ops.arange(0, d, 2, dtype="float32") / -d)
    angle = x * y
    x = ops.stack([ops.sin(angle), ops.cos(angle)], axis=-1)
    return ops.reshape(x, (n, d))


def se(x, ratio):
    C = x.shape[-1]
    s = layers.GlobalAveragePooling2D()(x)
    s = layers.Dense(C // ratio, activation="relu")(s)
    s = layers.Dense(C, activation="sigmoid")(s)
    y = layers.Reshape((1, 1, C))(s)
    return x * y


def attend(x, heads):
    D = x.shape[-1]
    q = layers.Dense(D)(x)
    q = layers.Reshape((-1, heads, D // heads))(q)
    q = ops.transpose(q, (0, 2, 1, 3))
    k = layers.Dense(D)(x)
    k = layers.Reshape((-1, heads, D // heads))(k)
    k = ops.transpose(k, (0, 2, 1, 3))
    s = q @ ops.transpose(k, (0, 1, 3, 2)) / math.sqrt(D // heads)
    s = layers.Softmax()(s)
    return layers.Reshape((-1, D))(ops.transpose(s @ q, (0, 2, 1, 3)))


def build_model(heads=2):
    """Build the model; with these defaults it has 1,565 parameters.

    tokens: i32[N, T], image: f32[N, H, W, 4] -> out1: f32[N, 3], out2: f32[N, 8]
    """
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    image = keras.Input((None, None, max(4, heads)), name="image")
    e = layers.Embedding(100, 8)(tokens)
    p = Arange(axis=1)(tokens)
    p = layers.Embedding(50, 8)(p)
    x = Arange(0, 16, 2)(tokens)
    r = layers.Embedding(20, 8)(x)
    x = layers.Lambda(positions_at_run_time)(tokens)
    y = attend(e + p + x, heads)
    c = layers.Lambda(value_at_run_time)([y, tokens])
    last = y[:, -1]
    z = se(image, 2)
    flat = layers.Reshape((-1, 4))(z)
    d = layers.Concatenate()([ops.mean(flat, axis=1), last])
    out1 = layers.Dense(3)(d)
    out2 = ops.mean(c, axis=1) + ops.mean(r, axis=0)
    return keras.Model(
        {"tokens": tokens, "image": image}, {"out1": out1, "out2": out2}, name="sizes"
    )
