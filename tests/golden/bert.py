"""bert: BERT in pre-training, with its heads for masked words and for the next
sentence; base unless told otherwise.

Devlin et al. 2018, arXiv:1810.04805 (uncased; counts as Hugging Face's
BertForPreTraining)
Written by Netwright 0.1.0 from bert.yaml; depends on Keras alone.
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


@keras.saving.register_keras_serializable("netwright")
class Weight(layers.Layer):
    """An array of the model's own, trained like a kernel.

    It depends on no input. Keras computes at once what depends on none, so this takes
    a tensor of the model, and ignores it.
    """

    def __init__(
        self,
        shape,
        initializer="glorot_uniform",
        regularizer=None,
        constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.array = self.add_weight(
            name="weight",
            shape=self.shape,
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )
        self.built = True

    def call(self, x=None):
        return ops.convert_to_tensor(self.array.value)

    def compute_output_spec(self, x=None):
        return keras.KerasTensor(self.shape, self.compute_dtype)

    def get_config(self):
        config = {
            "shape": self.shape,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }
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


def add_norm(x, y, rate, epsilon):
    z = layers.Dropout(rate)(y)
    return layers.LayerNormalization(epsilon=epsilon)(x + z)


def encoder_layer(x, heads, hidden, act, rate, attention_rate=0.0, epsilon=1e-6):
    y = attend(x, x, heads, attention_rate)
    a = add_norm(x, y, rate, epsilon)
    x = feed_forward(a, hidden, act)
    return add_norm(a, x, rate, epsilon)


def embedded(x, size, width):
    return layers.Embedding(
        size,
        width,
        embeddings_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
    )(x)


def norm(x):
    return layers.LayerNormalization(epsilon=1e-12)(x)


def build_model(
    vocabulary=30_522,
    context=512,
    width=768,
    heads=12,
    depth=12,
    rate=0.1,
    T=128,
):
    """Build the model; with these defaults it has 110,106,428 parameters.

    tokens: i32[N, 128], segments: i32[N, 128] -> word: f32[N, 128, 30522], follows:
    f32[N, 2]
    """
    tokens = keras.Input((T,), dtype="int32", name="tokens")
    segments = keras.Input((T,), dtype="int32", name="segments")
    words = layers.ReversibleEmbedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.TruncatedNormal(stddev=0.02),
    )
    y = words(tokens)
    z = embedded(segments, 2, width=width)
    z_1 = Arange(T)(tokens)
    z_1 = embedded(z_1, context, width=width)
    x = y + z + z_1
    y = norm(x)
    y = layers.Dropout(rate)(y)
    for _ in range(depth):
        y = encoder_layer(
            y, heads, 4 * width, keras.activations.gelu, rate, rate, 1e-12
        )
    pooled = layers.Dense(width, activation="tanh")(y[:, 0])
    x = layers.Dense(width, activation="gelu")(y)
    x = norm(x)
    x = words(x, reverse=True)
    z = Weight((vocabulary,), "zeros")(tokens)
    word = x + z
    follows = layers.Dense(2)(pooled)
    return keras.Model(
        {"tokens": tokens, "segments": segments},
        {"word": word, "follows": follows},
        name="bert",
    )
