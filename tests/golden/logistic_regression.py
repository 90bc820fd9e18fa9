"""logistic_regression: The odds of a yes as a linear function of the features.

Cox 1958, The regression analysis of binary sequences
Written by Netwright 0.1.0 from logistic_regression.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(features=2):
    """Build the model; with these defaults it has 3 parameters.

    x: f32[N, 2] -> output: f32[N, 1]
    """
    x = keras.Input((features,), name="x")
    y = layers.Dense(1, activation="sigmoid")(x)
    return keras.Model(x, y, name="logistic_regression")
