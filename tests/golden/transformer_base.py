"""transformer_base: The encoder-decoder Transformer, base size, one matrix for both
embeddings and the output.

Vaswani et al. 2017, arXiv:1706.03762
Written by Netwright 0.1.0 from transformer_base.yaml; depends on Keras alone.
"""

import math

import keras
from keras import layers, ops


def positions(length, width):
    x = ops.expand_dims(ops.arange(length, dtype="float32"), 1)
    y = 10_000 ** (ops.arange(0, width, 2, dtype="float32") / -width)
    angle = x * y
    x = ops.stack([ops.sin(angle), ops.cos(angle)], axis=-1)
    return ops.reshape(x, (length, width))


def embedded(x, width, rate):
    y = x * math.sqrt(width) + positions(x.shape[1], width=width)
    return layers.Dropout(rate)(y)


def add_norm(x, y, rate):
    z = layers.Dropout(rate)(y)
    return layers.LayerNormalization(epsilon=1e-6)(x + z)


def attended(x, memory, causal=False, *, width, heads, rate):
    y = layers.MultiHeadAttention(heads, width // heads)(
        x, memory, use_causal_mask=causal
    )
    return add_norm(x, y, rate=rate)


def feed_forward(x, width, hidden, rate):
    y = layers.Dense(hidden, activation="relu")(x)
    y = layers.Dense(width)(y)
    return add_norm(x, y, rate=rate)


def encoder_layer(x, width, hidden, heads, rate):
    y = attended(x, x, width=width, heads=heads, rate=rate)
    return feed_forward(y, width=width, hidden=hidden, rate=rate)


def decoder_layer(x, memory, width, hidden, heads, rate):
    y = attended(x, x, causal=True, width=width, heads=heads, rate=rate)
    x = attended(y, memory, width=width, heads=heads, rate=rate)
    x = feed_forward(x, width=width, hidden=hidden, rate=rate)
    return x, memory


def build_model(
    vocabulary=37_000,
    width=512,
    hidden=2048,
    heads=8,
    depth=6,
    rate=0.1,
    S=64,
    T=64,
):
    """Build the model; with these defaults it has 63,082,496 parameters.

    source: i32[N, 64], target: i32[N, 64] -> output: f32[N, 64, 37000]
    """
    source = keras.Input((S,), dtype="int32", name="source")
    target = keras.Input((T,), dtype="int32", name="target")
    tokens = layers.ReversibleEmbedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=width**-0.5),
    )
    memory = tokens(source)
    memory = embedded(memory, width=width, rate=rate)
    for _ in range(depth):
        memory = encoder_layer(
            memory, width=width, hidden=hidden, heads=heads, rate=rate
        )
    y = tokens(target)
    y = embedded(y, width=width, rate=rate)
    for _ in range(depth):
        y, memory = decoder_layer(
            y, memory, width=width, hidden=hidden, heads=heads, rate=rate
        )
    y = tokens(y, reverse=True)
    y = layers.Softmax()(y)
    return keras.Model({"source": source, "target": target}, y, name="transformer_base")
