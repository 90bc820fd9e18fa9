"""dcgan_generator: The generator of DCGAN, noise in, a colour image out, by transposed
convolutions alone.

Radford, Metz and Chintala 2015, arXiv:1511.06434 (as in pytorch/examples dcgan)
Written by Netwright 0.1.0 from dcgan_generator.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def up(x, filters, strides=2, padding="same"):
    x = layers.Conv2DTranspose(filters, 4, strides, padding, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)


def generator(x, width, channels):
    x = layers.Reshape((1, 1, -1))(x)
    x = up(x, 8 * width, 1, "valid")
    x = up(x, 4 * width)
    x = up(x, 2 * width)
    x = up(x, width)
    return layers.Conv2DTranspose(
        channels,
        4,
        2,
        padding="same",
        use_bias=False,
        activation="tanh",
    )(x)


def build_model(size=100, width=64, channels=3):
    """Build the model; with these defaults it has 3,578,624 parameters.

    noise: f32[N, 100] -> output: f32[N, 64, 64, 3]
    """
    noise = keras.Input((size,), name="noise")
    x = generator(noise, width, channels)
    return keras.Model(noise, x, name="dcgan_generator")
