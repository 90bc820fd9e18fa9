"""bilstm_timit: Three bidirectional LSTM layers of 250 over speech frames, one of 62
labels a frame.

Graves, Mohamed and Hinton 2013, arXiv:1303.5778, CTC-3l-250h (3.8M weights)
Written by Netwright 0.1.0 from bilstm_timit.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(features=123, hidden=250, depth=3, labels=62):
    """Build the model; with these defaults it has 3,783,062 parameters.

    frames: f32[N, T, 123] -> output: f32[N, T, 62]
    """
    frames = keras.Input((None, features), name="frames")
    x = frames
    for _ in range(depth):
        x = layers.Bidirectional(layers.LSTM(hidden, return_sequences=True))(x)
    x = layers.Dense(labels, activation="softmax")(x)
    return keras.Model(frames, x, name="bilstm_timit")
