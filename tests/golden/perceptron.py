"""perceptron: One unit that fires or does not, and learns from its mistakes.

Rosenblatt 1958, The perceptron, a probabilistic model for information storage and
organization in the brain
Written by Netwright 0.1.0 from perceptron.yaml; depends on Keras alone.
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


def build_model(features=2):
    """Build the model; with these defaults it has 3 parameters.

    x: f32[N, 2] -> output: f32[N, 1]
    """
    x = keras.Input((features,), name="x")
    y = layers.Dense(1, kernel_initializer="zeros")(x)
    y = Step(straight_through=True)(y)
    return keras.Model(x, y, name="perceptron")
