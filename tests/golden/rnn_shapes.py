"""rnn_shapes: What one vanilla recurrent net maps to what, by the steps at which it
reads and those at which it writes.

Karpathy 2015, The unreasonable effectiveness of recurrent neural networks (the
figure of five shapes)
Written by Netwright 0.1.0 from rnn_shapes.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def build_model(steps=5, read=5, write=5, features=8, hidden=16, classes=4):
    """Build the model; with these defaults it has 468 parameters.

    x: f32[N, 5, 8] -> output: f32[N, 5, 4]
    """
    x = keras.Input((read, features), name="x")
    y = layers.ZeroPadding1D((0, steps - read))(x)
    y = layers.SimpleRNN(hidden, return_sequences=True)(y)
    y = layers.Cropping1D((steps - write, 0))(y)
    y = layers.Dense(classes, activation="softmax")(y)
    return keras.Model(x, y, name="rnn_shapes")
