"""seq2seq: Translation by two stacks of LSTMs, the second of which begins with the
states that the first ends with.

Sutskever, Vinyals and Le 2014, arXiv:1409.3215 (384M parameters, 64M of them
recurrent, without biases)
Written by Netwright 0.1.0 from seq2seq.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def coupled_lstm(x, y, hidden):
    states, h, c = layers.LSTM(hidden, return_sequences=True, return_state=True)(x)
    x = layers.LSTM(hidden, return_sequences=True)(y, initial_state=[h, c])
    return states, x


def embedded(source, target, source_words, target_words, width):
    x = layers.Embedding(source_words, width)(ops.flip(source, axis=1))
    y = layers.Embedding(target_words, width)(target)
    return x, y


def build_model(source_words=160_000, target_words=80_000, hidden=1000, depth=4):
    """Build the model; with these defaults it has 384,112,000 parameters.

    source: i32[N, S], target: i32[N, T] -> output: f32[N, T, 80000]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = embedded(source, target, source_words, target_words, hidden)
    for _ in range(depth):
        x = coupled_lstm(*x, hidden)
    _, y = x
    y = layers.Dense(target_words, activation="softmax")(y)
    return keras.Model({"source": source, "target": target}, y, name="seq2seq")
