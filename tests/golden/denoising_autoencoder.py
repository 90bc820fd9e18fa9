"""denoising_autoencoder: Learns to undo the destruction of its input; the hidden code
is 500 features.

Vincent, Larochelle, Bengio and Manzagol 2008, Extracting and composing robust
features
Written by Netwright 0.1.0 from denoising_autoencoder.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(hidden=500, destroyed=0.25):
    """Build the model; with these defaults it has 785,284 parameters.

    image: f32[N, 28, 28] -> output: f32[N, 28, 28]
    """
    image = keras.Input((28, 28), name="image")
    clean = layers.Rescaling(1 / 255)(image)
    clean = layers.Flatten()(clean)
    code = layers.Dropout(destroyed)(clean)
    code = layers.Dense(hidden, activation="sigmoid")(code)
    x = layers.Dense(784, activation="sigmoid")(code)
    x = layers.Reshape((28, 28))(x)
    x = layers.Rescaling(255)(x)
    return keras.Model(image, x, name="denoising_autoencoder")
