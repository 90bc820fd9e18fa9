"""lenet5: LeNet-5 as built today, with all connections in C3 and plain average pooling.

LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document
recognition
Written by Netwright 0.1.0 from lenet5.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(classes=10):
    """Build the model; with these defaults it has 61,706 parameters.

    image: f32[N, 28, 28, 1] -> output: f32[N, 10]
    """
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Conv2D(6, 5, padding="same", activation="tanh")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(16, 5, activation="tanh")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="tanh")(x)
    x = layers.Dense(84, activation="tanh")(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="lenet5")
