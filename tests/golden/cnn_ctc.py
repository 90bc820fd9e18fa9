"""cnn_ctc: CNN-(3,5)-10L, speech without recurrence; ten convolutions over time and
frequency, three full layers.

Zhang et al. 2016, arXiv:1701.02720. Its table gives all three 4.3M weights, which
the layers that its section 4.2 describes do not have: their convolutions alone are
6.2M
Written by Netwright 0.1.0 from cnn_ctc.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Maxout(layers.Layer):
    """Takes the largest of each group of neighbours along `axis`.

    The axis is cut into `units` groups of equal size. Behind a dense layer or a
    convolution of k * units filters, these are maxout units of k pieces (Goodfellow
    et al. 2013, arXiv:1302.4389).
    """

    def __init__(self, units, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.axis = axis

    def call(self, x):
        axis = self.axis % len(x.shape)
        shape = ops.shape(x)
        pieces = shape[axis] // self.units
        groups = (*shape[:axis], self.units, pieces, *shape[axis + 1 :])
        return ops.max(ops.reshape(x, groups), axis=axis + 1)

    def compute_output_shape(self, input_shape):
        axis = self.axis % len(input_shape)
        return (*input_shape[:axis], self.units, *input_shape[axis + 1 :])

    def get_config(self):
        return {**super().get_config(), "units": self.units, "axis": self.axis}


def activated(x, units, axes, activation):
    if activation == "maxout":
        return Maxout(units)(x)
    elif activation == "prelu":
        return layers.PReLU(shared_axes=axes)(x)
    else:
        return layers.ReLU()(x)


def conv(x, maps, activation, pieces, rate):
    x = layers.Conv2D(pieces * maps, (5, 3), padding="same")(x)
    x = activated(x, maps, (1, 2), activation=activation)
    return layers.Dropout(rate)(x)


def full(x, hidden, activation, pieces, rate):
    x = layers.Dense(pieces * hidden)(x)
    x = activated(x, hidden, (1,), activation=activation)
    return layers.Dropout(rate)(x)


def by_frame(x):
    _, _, F, C = x.shape
    return layers.Reshape((-1, F * C))(x)


def build_model(
    bands=41,
    channels=3,
    stages=((128, 4), (256, 6)),
    hidden=1024,
    labels=62,
    activation="relu",
    pieces=1,
    rate=0.3,
):
    """Build the model; with these defaults it has 11,723,454 parameters.

    frames: f32[N, T, 41, 3] -> output: f32[N, T, 62]
    """
    frames = keras.Input((None, bands, channels), name="frames")
    x = conv(frames, stages[0][0], activation=activation, pieces=pieces, rate=rate)
    x = layers.MaxPooling2D((1, 3))(x)
    for _ in range(stages[0][1] - 1):
        x = conv(x, stages[0][0], activation=activation, pieces=pieces, rate=rate)
    for maps, depth in stages[1:]:
        for _ in range(depth):
            x = conv(x, maps, activation=activation, pieces=pieces, rate=rate)
    x = by_frame(x)
    for _ in range(3):
        x = full(x, hidden=hidden, activation=activation, pieces=pieces, rate=rate)
    x = layers.Dense(labels)(x)
    return keras.Model(frames, x, name="cnn_ctc")
