"""char_lstm: Predicts the next character, two LSTM layers over one-hot characters.

Karpathy 2015, char-rnn (240,321 parameters there, with two bias vectors a gate
block; Keras has one)
Written by Netwright 0.1.0 from char_lstm.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def build_model(symbols=65, hidden=128, layers_=2, rate=0.0):
    """Build the model; with these defaults it has 239,297 parameters.

    text: i32[N, T] -> output: f32[N, T, 65]
    """
    text = keras.Input((None,), dtype="int32", name="text")
    x = ops.one_hot(text, symbols)
    for _ in range(layers_):
        x = layers.LSTM(hidden, return_sequences=True)(x)
        x = layers.Dropout(rate)(x)
    x = layers.Dense(symbols, activation="softmax")(x)
    return keras.Model(text, x, name="char_lstm")
