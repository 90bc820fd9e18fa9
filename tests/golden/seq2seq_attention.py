"""seq2seq_attention: Translation by a bidirectional encoder, additive attention and an
LSTM decoder (teacher forcing).

Bahdanau, Cho and Bengio 2014, arXiv:1409.0473 (LSTMs for GRUs; attention over the
decoder's outputs)
Written by Netwright 0.1.0 from seq2seq_attention.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def decode(memory, state_h, state_c, y, hidden):
    states = layers.LSTM(hidden, return_sequences=True)(
        y, initial_state=[state_h, state_c]
    )
    context = layers.AdditiveAttention()([states, memory])
    x = layers.Concatenate()([context, states])
    return layers.Dense(hidden, activation="tanh")(x)


def build_model(vocabulary=8_000, width=256, hidden=256):
    """Build the model; with these defaults it has 7,203,136 parameters.

    source: i32[N, S], target: i32[N, T] -> output: f32[N, T, 8000]
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    x = layers.Embedding(vocabulary, width)(source)
    memory, fh, fc, bh, bc = layers.Bidirectional(
        layers.LSTM(hidden // 2, return_sequences=True, return_state=True),
    )(x)
    h = layers.Concatenate()([fh, bh])
    c = layers.Concatenate()([fc, bc])
    y = layers.Embedding(vocabulary, width)(target)
    x = decode(memory, h, c, y, hidden)
    x = layers.Dense(vocabulary, activation="softmax")(x)
    return keras.Model(
        {"source": source, "target": target}, x, name="seq2seq_attention"
    )
