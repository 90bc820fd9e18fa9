"""vgg16: Very deep convolutional networks, configuration D, 16 weight layers.

Simonyan and Zisserman 2014, arXiv:1409.1556
Written by Netwright 0.1.0 from vgg16.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def stage(x, filters, depth):
    for _ in range(depth):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    return layers.MaxPooling2D()(x)


def build_model(classes=1000, width=64, hidden=4096, size=224):
    """Build the model; with these defaults it has 138,357,544 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = stage(image, width, 2)
    x = stage(x, 2 * width, 2)
    x = stage(x, 4 * width, 3)
    for _ in range(2):
        x = stage(x, 8 * width, 3)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(hidden, activation="relu")(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="vgg16")
