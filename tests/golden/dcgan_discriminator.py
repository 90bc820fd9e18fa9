"""dcgan_discriminator: The discriminator of DCGAN, which tells images of the data (1)
from those of the generator (0).

Radford, Metz and Chintala 2015, arXiv:1511.06434 (as in pytorch/examples dcgan)
Written by Netwright 0.1.0 from dcgan_discriminator.yaml; depends on Keras alone.
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


def build_model(width=64, channels=3):
    """Build the model; with these defaults it has 2,767,360 parameters.

    image: f32[N, 64, 64, 3] -> output: f32[N, 1]
    """
    image = keras.Input((64, 64, channels), name="image")
    x = discriminator(image, width)
    return keras.Model(image, x, name="dcgan_discriminator")
