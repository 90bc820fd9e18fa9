"""bilstm_timit: Deep recurrent nets over speech frames, 62 labels a frame (61 phonemes
and the blank), trained by CTC.

Graves, Mohamed and Hinton 2013, arXiv:1303.5778, table 1 (the paper's peepholes
would add 3 weights a cell)
Written by Netwright 0.1.0 from bilstm_timit.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def recurrence(x, hidden, layer):
    if layer == "forward":
        return layers.LSTM(hidden, return_sequences=True)(x)
    elif layer == "tanh":
        return layers.Bidirectional(layers.SimpleRNN(hidden, return_sequences=True))(x)
    else:
        return layers.Bidirectional(layers.LSTM(hidden, return_sequences=True))(x)


def build_model(features=123, hidden=250, depth=3, labels=62, layer="both_ways"):
    """Build the model; with these defaults it has 3,783,062 parameters.

    frames: f32[N, T, 123] -> output: f32[N, T, 62]
    """
    frames = keras.Input((None, features), name="frames")
    x = frames
    for _ in range(depth):
        x = recurrence(x, hidden=hidden, layer=layer)
    x = layers.Dense(labels)(x)
    return keras.Model(frames, x, name="bilstm_timit")
