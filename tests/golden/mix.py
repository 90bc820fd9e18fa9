"""mix

Written by Netwright 0.1.0 from mix.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def never(x, f, k):
    for _ in range(k):
        x = f(x)
    return x


def wrap(x, f):
    y = f(x)
    z = layers.Dense(1)(x)
    return y + z


def block(
    x,
    width=None,
    act=keras.activations.relu,
    norm=lambda x: layers.LayerNormalization()(x),
    *,
    n,
):
    if width is None:
        width = n + 1
    x = layers.Dense(width)(x)
    x = act(x)
    return norm(x)


def last(x):
    C = x.shape[-1]
    return layers.Dense(C)(x)


def heads(x, m):
    ys = [layers.Dense(j + 1)(x) for j in range(m)]
    return ys


def many(x):
    a, b, c = heads(x, 3)
    return layers.Concatenate()([a + b, c])


def area(shape):
    return shape[0] * shape[1]


def build_model(
    flag=False,
    sizes=((4, "relu_"), (8, "tanh_")),
    n=3,
    hidden=None,
    ws=(4, 8),
    prob=0.5,
    mode="same",
):
    """Build the model; with these defaults it has 2,661 parameters.

    x: f32[N, 10, 6], ids: i32[N, 10], img: f32[N, 8, 8, 3] -> o1: f32[N, 2], o2:
    f32[N, 6], o3: f32[N, 6]
    """
    if hidden is None:
        hidden = 2 * n
    x = keras.Input((10, 6), name="x")
    ids = keras.Input((10,), dtype="int32", name="ids")
    img = keras.Input((8, 8, 3), name="img")
    y, scores = layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)
    p, q = ops.split(y, 2, axis=-1)
    parts = ops.split(x, 3, axis=-1)
    r = layers.Concatenate()(parts)
    s = parts[0] + parts[-1]
    e = layers.Embedding(20, 6, embeddings_initializer="uniform", mask_zero=True)(ids)
    rec = layers.Bidirectional(
        layers.GRU(3, return_sequences=True),
        backward_layer=layers.GRU(3, go_backwards=True, return_sequences=True),
    )(e)
    rec = layers.TimeDistributed(
        layers.Dense(
            6,
            kernel_initializer="he_normal",
            kernel_regularizer=keras.regularizers.L1L2(0.01, l2=0.02),
            kernel_constraint=keras.constraints.MaxNorm(2),
        ),
    )(rec)
    never_ = never(x, lambda x: layers.Dense(6)(x), 2) if flag else x
    w = never_
    for k in ws:

        def layer(x, k=k):
            x = layers.Dense(k)(x)
            return layers.Dropout(prob)(x)

        w = wrap(w, layer)
    v = block(x, n=n)
    v = block(v, width=4, act=keras.activations.gelu, n=n)
    v = block(v, norm=lambda x: layers.BatchNormalization()(x), n=n)
    v = last(v)
    v = layers.Dense(5)(v)
    v = layers.ReLU()(v)
    m = many(x)
    z = layers.Conv2D(
        area(ws) // 8,
        (3, 3),
        padding=mode,
        data_format="channels_last",
    )(img)
    z = layers.Flatten()(z)
    t = ops.where(ops.less(x, 0.5), x, -x)
    y = ops.one_hot(ids, 6) * 2.0
    z_1 = ops.cast(ops.cast(x, "float16"), "float32")
    u = y + z_1
    g = ops.squeeze(x[:, 1:, None], axis=2)
    final = layers.Concatenate()([w, v, m, r])
    final = layers.GlobalMaxPooling1D()(final)
    o1 = layers.Concatenate()([final, z])
    o1 = layers.Dense(hidden)(o1)
    o1 = layers.Activation("relu")(o1)
    o1 = layers.Dense(2)(o1)
    o2 = layers.GlobalAveragePooling1D()(rec + t + u)
    y = ops.squeeze(ops.min(s, axis=(1, 2), keepdims=True), axis=1)
    y = ops.max(g, axis=1) + y
    z = ops.sum(ops.mean(p, axis=1), axis=-1, keepdims=True)
    y = y + z + ops.sum(ops.mean(q, axis=1), axis=-1, keepdims=True)
    z = ops.expand_dims(ops.mean(scores, axis=(1, 2, 3)), -1)
    o3 = y + z
    return keras.Model(
        {"x": x, "ids": ids, "img": img}, {"o1": o1, "o2": o2, "o3": o3}, name="mix"
    )
