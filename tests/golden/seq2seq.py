"""seq2seq: Translation by two stacks of LSTMs, the second of which begins with the
states that the first ends with.

Sutskever, Vinyals and Le 2014, arXiv:1409.3215 (384M parameters, 64M of them
recurrent)
Written by Netwright 0.1.0 from seq2seq.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def coupled_lstm(x, y, hidden):
    states, h, c = layers.LSTM(hidden, return_sequences=True, return_state=True)(x)
    x = layers.LSTM(hidden, return_sequences=True)(y, initial_state=[h, c])
    return states, x


def build_model(source_words=160_000, target_words=80_000, hidden=1000, depth=4):
    """Build the model; with these defaults it has 384,112,000 parameters.

    source: i32[N, S], target: i32[N, T] -> output: f32[N, T, 80000]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = layers.Embedding(source_words, hidden)(ops.flip(source, axis=1))
    y = layers.Embedding(target_words, hidden)(target)
    told = y
    for _ in range(depth):
        x, told = coupled_lstm(x, told, hidden=hidden)
    x = layers.Dense(target_words, activation="softmax")(told)
    return keras.Model({"source": source, "target": target}, x, name="seq2seq")
