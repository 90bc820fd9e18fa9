"""conv_autoencoder: An autoencoder of convolutions; the code is 4x4 places of eight
features.

Masci et al. 2011, Stacked convolutional auto-encoders (this one is Chollet 2016,
blog.keras.io)
Written by Netwright 0.1.0 from conv_autoencoder.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, filters, padding="same"):
    return layers.Conv2D(filters, 3, padding=padding, activation="relu")(x)


def build_model(widths=(16, 8, 8)):
    """Build the model; with these defaults it has 4,385 parameters.

    image: f32[N, 28, 28, 1] -> output: f32[N, 28, 28, 1]
    """
    image = keras.Input((28, 28, 1), name="image")
    code = layers.Rescaling(1 / 255)(image)
    for w in widths:
        code = conv(code, w)
        code = layers.MaxPooling2D(2, padding="same")(code)
    x = code
    for w in widths[:0:-1]:
        x = conv(x, w)
        x = layers.UpSampling2D()(x)
    x = conv(x, widths[0], "valid")
    x = layers.UpSampling2D()(x)
    x = layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    x = layers.Rescaling(255)(x)
    return keras.Model(image, x, name="conv_autoencoder")
