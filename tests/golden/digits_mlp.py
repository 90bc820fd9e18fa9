"""digits_mlp: Two hidden layers over 8x8 handwritten digits; `make demo` trains it.

Alpaydin and Kaynak 1998, Optical recognition of handwritten digits (UCI,
scikit-learn's `digits`)
Written by Netwright 0.1.0 from digits_mlp.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(hidden=(128, 64), rate=0.2, classes=10):
    """Build the model; with these defaults it has 17,226 parameters.

    image: f32[N, 8, 8] -> output: f32[N, 10]
    """
    image = keras.Input((8, 8), name="image")
    x = layers.Rescaling(1 / 16)(image)
    x = layers.Flatten()(x)
    for units in hidden:
        x = layers.Dense(units, activation="relu")(x)
        x = layers.Dropout(rate)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="digits_mlp")
