"""Owns `Step`: units that fire or do not."""

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
