"""mlp_mixer: MLP-Mixer, dense layers along the patches and along the channels in turn;
B/16 unless told otherwise.

Tolstikhin et al. 2021, arXiv:2105.01601, table 1
Written by Netwright 0.1.0 from mlp_mixer.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def feed_forward(x, hidden, act):
    width = x.shape[-1]
    x = layers.Dense(hidden)(x)
    x = act(x)
    return layers.Dense(width)(x)


def mixed(x, f):
    y = layers.LayerNormalization(epsilon=1e-6)(x)
    y = f(y)
    return x + y


def mixer_layer(x, tokens, channels):
    def layer(x):
        x = layers.Permute((2, 1))(x)
        x = feed_forward(x, tokens, keras.activations.gelu)
        return layers.Permute((2, 1))(x)

    x = mixed(x, layer)
    return mixed(x, lambda x: feed_forward(x, channels, keras.activations.gelu))


def build_model(
    classes=1000,
    size=224,
    patch=16,
    width=768,
    depth=12,
    tokens=384,
    channels=3072,
):
    """Build the model; with these defaults it has 59,880,472 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(width, patch, patch)(image)
    x = layers.Reshape((-1, width))(x)
    for _ in range(depth):
        x = mixer_layer(x, tokens, channels)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="mlp_mixer")
