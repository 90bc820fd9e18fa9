"""gpt2: GPT-2, a decoder-only Transformer with the token embedding tied to the output;
small unless told otherwise.

Radford et al. 2019, Language models are unsupervised multitask learners (counts as
Hugging Face's)
Written by Netwright 0.1.0 from gpt2.yaml; depends on Keras alone.
"""

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


def pre_norm_layer(
    x,
    heads,
    hidden,
    act,
    rate,
    attention_rate=0.0,
    epsilon=1e-6,
    causal=False,
):
    h = layers.LayerNormalization(epsilon=epsilon)(x)
    y = attend(h, h, heads, attention_rate, causal)
    y = layers.Dropout(rate)(y)
    a = x + y
    x = layers.LayerNormalization(epsilon=epsilon)(a)
    x = feed_forward(x, hidden, act)
    x = layers.Dropout(rate)(x)
    return a + x


def build_model(
    vocabulary=50_257,
    context=1024,
    width=768,
    heads=12,
    depth=12,
    rate=0.1,
    T=1024,
):
    """Build the model; with these defaults it has 124,439,808 parameters.

    tokens: i32[N, 1024] -> output: f32[N, 1024, 50257]
    """
    tokens = keras.Input((T,), dtype="int32", name="tokens")
    words = layers.ReversibleEmbedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.02),
    )
    x = Arange(T)(tokens)
    positions = layers.Embedding(
        context,
        width,
        embeddings_initializer=keras.initializers.RandomNormal(stddev=0.01),
    )(x)
    x = words(tokens)
    x = layers.Dropout(rate)(x + positions)
    for _ in range(depth):
        x = pre_norm_layer(
            x,
            heads,
            4 * width,
            lambda x: keras.activations.gelu(x, approximate=True),
            rate,
            rate,
            1e-5,
            causal=True,
        )
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    x = words(x, reverse=True)
    return keras.Model(tokens, x, name="gpt2")
