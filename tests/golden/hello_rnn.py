"""hello_rnn: Reads h, e, l, l and learns to answer e, l, l, o; after l comes l or o, so
it has to remember.

Karpathy 2015, The unreasonable effectiveness of recurrent neural networks (the
example of four letters)
Written by Netwright 0.1.0 from hello_rnn.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def build_model(symbols=4, hidden=3):
    """Build the model; with these defaults it has 40 parameters.

    text: i32[N, T] -> output: f32[N, T, 4]
    """
    text = keras.Input((None,), dtype="int32", name="text")
    x = layers.SimpleRNN(hidden, return_sequences=True)(ops.one_hot(text, symbols))
    x = layers.Dense(symbols, activation="softmax")(x)
    return keras.Model(text, x, name="hello_rnn")
