"""autoencoder: Digits through a narrow code and back, the decoder the encoder's mirror
image.

Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural
networks (counted: Caffe's mnist_autoencoder); linear: Baldi and Hornik 1989, its
code spans the principal components
Written by Netwright 0.1.0 from autoencoder.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(widths=(500, 300), activation="sigmoid", output_activation="sigmoid"):
    """Build the model; with these defaults it has 1,086,084 parameters.

    image: f32[N, 28, 28] -> output: f32[N, 28, 28]
    """
    image = keras.Input((28, 28), name="image")
    pixels = layers.Rescaling(1 / 255)(image)
    pixels = layers.Flatten()(pixels)
    code = pixels
    for units in widths[:-1]:
        code = layers.Dense(units, activation=activation)(code)
    code = layers.Dense(widths[-1])(code)
    x = code
    for units in widths[-2::-1]:
        x = layers.Dense(units, activation=activation)(x)
    x = layers.Dense(784, activation=output_activation)(x)
    x = layers.Reshape((28, 28))(x)
    x = layers.Rescaling(255)(x)
    return keras.Model(image, x, name="autoencoder")
