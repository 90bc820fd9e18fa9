"""rnn_transducer: What follows each frame and each phoneme written so far; three
bidirectional LSTMs listen, one LSTM predicts.

Graves, Mohamed and Hinton 2013, arXiv:1303.5778, Trans-3l-250h (4.3M weights);
Graves 2012, arXiv:1211.3711
Written by Netwright 0.1.0 from rnn_transducer.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def build_model(features=123, hidden=250, depth=3, labels=62):
    """Build the model; with these defaults it has 4,330,062 parameters.

    frames: f32[N, T, 123], written: i32[N, U] -> output: f32[N, T, U, 62]
    """
    frames = keras.Input((None, features), name="frames")
    written = keras.Input((None,), dtype="int32", name="written")
    heard = frames
    for _ in range(depth):
        heard = layers.Bidirectional(layers.LSTM(hidden, return_sequences=True))(heard)
    heard = layers.Dense(hidden)(heard)
    predicted = layers.LSTM(hidden, return_sequences=True)(
        ops.one_hot(written - 1, labels - 1)
    )
    x = layers.Dense(hidden)(heard)
    y = layers.Dense(hidden, use_bias=False)(predicted)
    joint = x[:, :, None] + y[:, None]
    x = layers.Dense(labels, activation="softmax")(keras.activations.tanh(joint))
    return keras.Model({"frames": frames, "written": written}, x, name="rnn_transducer")
