"""vit: Vision Transformers, which read an image as a sequence of patches; ViT-B/16
unless told otherwise.

Dosovitskiy et al. 2020, arXiv:2010.11929 (counts as in torchvision, which also has
nets of larger images)
Written by Netwright 0.1.0 from vit.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


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
    classes=1000,
    size=224,
    patch=16,
    width=768,
    heads=12,
    depth=12,
    rate=0.1,
):
    """Build the model; with these defaults it has 86,567,656 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    patches = layers.Conv2D(width, patch, patch)(image)
    patches = layers.Reshape((-1, width))(patches)
    x = Weight((width,), "zeros")(image)
    first = x + ops.zeros_like(patches[:, :1])
    tokens = ops.concatenate([first, patches], axis=1)
    positions = Weight(
        (tokens.shape[1], width),
        keras.initializers.RandomNormal(stddev=0.02),
    )(image)
    y = layers.Dropout(rate)(tokens + positions)
    for _ in range(depth):
        y = pre_norm_layer(y, heads, 4 * width, keras.activations.gelu, rate)
    y = layers.LayerNormalization(epsilon=1e-6)(y)
    x = layers.Dense(classes, activation="softmax")(y[:, 0])
    return keras.Model(image, x, name="vit")
