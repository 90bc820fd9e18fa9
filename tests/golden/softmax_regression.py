"""softmax_regression: A linear classifier, one template a class; the templates of MNIST
can be looked at.

Bishop 2006, Pattern recognition and machine learning, section 4.3.4 (MNIST as in
TensorFlow's first tutorial)
Written by Netwright 0.1.0 from softmax_regression.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(height=28, width=28, channels=1, classes=10):
    """Build the model; with these defaults it has 7,850 parameters.

    image: f32[N, 28, 28, 1] -> output: f32[N, 10]
    """
    image = keras.Input((height, width, channels), name="image")
    x = layers.Rescaling(1 / 255)(image)
    x = layers.Flatten()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="softmax_regression")
