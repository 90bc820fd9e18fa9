"""seq2seq_luong: Translation by stacked LSTMs with multiplicative attention over the
source; three ways to score it.

Luong, Pham and Manning 2015, arXiv:1508.04025 (global attention, without input
feeding)
Written by Netwright 0.1.0 from seq2seq_luong.yaml; depends on Keras alone.
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


def projected(y, hidden):
    return layers.Dense(hidden, use_bias=False)(y)


def attend(y, memory, hidden, score):
    query = y if score == "dot" else projected(y, hidden=hidden)
    if score == "concat":
        x = projected(memory, hidden=hidden)
        return layers.AdditiveAttention()([query, memory, x])
    return layers.Attention()([query, memory])


def build_model(words=50_000, hidden=1000, depth=4, score="general"):
    """Build the model; with these defaults it has 217,082,000 parameters.

    source: i32[N, S], target: i32[N, T] -> output: f32[N, T, 50000]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = embedded(source, target, words, words, hidden)
    for _ in range(depth):
        x = coupled_lstm(*x, hidden)
    memory, y = x
    context = attend(y, memory, hidden=hidden, score=score)
    x = layers.Concatenate()([context, y])
    x = layers.Dense(hidden, activation="tanh", use_bias=False)(x)
    x = layers.Dense(words, activation="softmax")(x)
    return keras.Model({"source": source, "target": target}, x, name="seq2seq_luong")
