"""transformer: The encoder-decoder Transformer, one matrix for both embeddings and the
output; base unless told otherwise.

Vaswani et al. 2017, arXiv:1706.03762
Written by Netwright 0.1.0 from transformer.yaml; depends on Keras alone.
"""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class SinePositionEncoding(layers.Layer):
    """Sines and cosines of the steps, to be added to a tensor of that shape.

    The features are sine and cosine in turn, of waves from 2 pi to `max_wavelength`
    times that long (Vaswani et al. 2017, arXiv:1706.03762).
    """

    def __init__(self, max_wavelength=10000, **kwargs):
        super().__init__(**kwargs)
        self.max_wavelength = max_wavelength
        self.supports_masking = True

    def call(self, x):
        shape = ops.shape(x)
        steps, features = shape[-2], shape[-1]
        channel = ops.arange(features, dtype="int32")
        exponents = ops.cast(channel // 2 * 2, "float32") / ops.cast(
            features, "float32"
        )
        places = ops.arange(steps, dtype="float32")[:, None]
        angles = places / self.max_wavelength**exponents
        waves = ops.where(channel % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.broadcast_to(ops.cast(waves, x.dtype), shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "max_wavelength": self.max_wavelength}


def attend(x, memory, heads, rate=0.0, causal=False):
    width = x.shape[-1]
    return layers.MultiHeadAttention(
        heads,
        width // heads,
        dropout=rate,
    )(x, memory, use_causal_mask=causal)


def feed_forward(x, hidden, act):
    width = x.shape[-1]
    x = layers.Dense(hidden)(x)
    x = act(x)
    return layers.Dense(width)(x)


def add_norm(x, y, rate, epsilon):
    z = layers.Dropout(rate)(y)
    return layers.LayerNormalization(epsilon=epsilon)(x + z)


def encoder_layer(x, heads, hidden, act, rate, attention_rate=0.0, epsilon=1e-6):
    y = attend(x, x, heads, attention_rate)
    a = add_norm(x, y, rate, epsilon)
    x = feed_forward(a, hidden, act)
    return add_norm(a, x, rate, epsilon)


def decoder_layer(
    x,
    memory,
    heads,
    hidden,
    act,
    rate,
    attention_rate=0.0,
    epsilon=1e-6,
):
    y = attend(x, x, heads, attention_rate, causal=True)
    a = add_norm(x, y, rate, epsilon)
    x = attend(a, memory, heads, attention_rate)
    b = add_norm(a, x, rate, epsilon)
    x = feed_forward(b, hidden, act)
    x = add_norm(b, x, rate, epsilon)
    return x, memory


def embedded(tokens, width, rate, words):
    y = words(tokens)
    x = y * math.sqrt(width)
    y = SinePositionEncoding()(x)
    return layers.Dropout(rate)(x + y)


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
    words = layers.ReversibleEmbedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=width**-0.5),
    )
    memory = embedded(source, width=width, rate=rate, words=words)
    for _ in range(depth):
        memory = encoder_layer(memory, heads, hidden, keras.activations.relu, rate)
    y = embedded(target, width=width, rate=rate, words=words)
    for _ in range(depth):
        y, memory = decoder_layer(
            y, memory, heads, hidden, keras.activations.relu, rate
        )
    y = words(y, reverse=True)
    y = layers.Softmax()(y)
    return keras.Model({"source": source, "target": target}, y, name="transformer")
