"""dcgan: DCGAN whole, how real the discriminator finds an image of the data and one
that the generator makes of noise.

Radford, Metz and Chintala 2015, arXiv:1511.06434 (as in pytorch/examples dcgan)
Written by Netwright 0.1.0 from dcgan.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, filters, strides=2, padding="same"):
    return layers.Conv2D(filters, 4, strides, padding, use_bias=False)(x)


def down(x, filters):
    x = conv(x, filters)
    x = layers.BatchNormalization()(x)
    return layers.LeakyReLU(0.2)(x)


def discriminator(x, width):
    x = conv(x, width)
    x = layers.LeakyReLU(0.2)(x)
    x = down(x, 2 * width)
    x = down(x, 4 * width)
    x = down(x, 8 * width)
    x = conv(x, 1, 1, "valid")
    x = layers.Flatten()(x)
    return keras.activations.sigmoid(x)


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
    """Build the model; with these defaults it has 6,345,984 parameters.

    image: f32[N, 64, 64, 3], noise: f32[N, 100] -> real: f32[N, 1], fake: f32[N, 1]
    """
    image = keras.Input((64, 64, channels), name="image")
    noise = keras.Input((size,), name="noise")
    x = keras.Input(noise.shape[1:])
    G = keras.Model(x, generator(x, width, channels), name="G")
    x = keras.Input(image.shape[1:])
    D = keras.Model(x, discriminator(x, width), name="D")
    real = D(image)
    fake = G(noise)
    fake = D(fake)
    return keras.Model(
        {"image": image, "noise": noise}, {"real": real, "fake": fake}, name="dcgan"
    )
