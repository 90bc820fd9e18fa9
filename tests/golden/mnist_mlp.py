"""mnist_mlp: One hidden layer over 28x28 handwritten digits.

keras.io, the beginner's quickstart (101,770 parameters)
Written by Netwright 0.1.0 from mnist_mlp.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model():
    """Build the model; with these defaults it has 101,770 parameters.

    image: f32[N, 28, 28] -> output: f32[N, 10]
    """
    image = keras.Input((28, 28), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Flatten()(x)
    x = layers.Dense(units=128, activation="relu")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(10, activation="softmax")(x)
    return keras.Model(image, x, name="mnist_mlp")
