"""activations: One hidden layer over Fisher's irises, with each of the activation
functions in use.

step McCulloch and Pitts 1943; ReLU Nair and Hinton 2010; maxout arXiv:1302.4389;
leaky ReLU Maas et al. 2013; PReLU arXiv:1502.01852; ELU arXiv:1511.07289; SELU
arXiv:1706.02515; ReLU6 arXiv:1704.04861; swish arXiv:1710.05941
Written by Netwright 0.1.0 from activations.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Step(layers.Layer):
    """Gives `high` from `threshold` on, `low` below it.

    It passes no gradient, or with `straight_through` its own as if it were the identity
    (McCulloch & Pitts 1943; Bengio et al. 2013, arXiv:1308.3432).
    """

    def __init__(
        self, threshold=0.0, low=0.0, high=1.0, straight_through=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.low = low
        self.high = high
        self.straight_through = straight_through
        self.supports_masking = True

    def call(self, x):
        y = ops.cast(ops.where(x >= self.threshold, self.high, self.low), x.dtype)
        return y + (x - ops.stop_gradient(x)) if self.straight_through else y

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"threshold": self.threshold, "low": self.low, "high": self.high}
        config["straight_through"] = self.straight_through
        return {**super().get_config(), **config}


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


def activated(x, function, hidden):
    if function == "step":
        return Step(straight_through=True)(x)
    elif function == "prelu":
        return layers.PReLU()(x)
    elif function == "maxout":
        return Maxout(hidden)(x)
    else:
        return layers.Activation(function)(x)


def build_model(function="relu", hidden=16, pieces=1, classes=3):
    """Build the model; with these defaults it has 131 parameters.

    x: f32[N, 4] -> output: f32[N, 3]
    """
    x = keras.Input((4,), name="x")
    y = layers.Dense(pieces * hidden)(x)
    y = activated(y, function=function, hidden=hidden)
    y = layers.Dense(classes, activation="softmax")(y)
    return keras.Model(x, y, name="activations")
