"""Owns `StochasticDepth`: branches that some examples do without in training."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class StochasticDepth(layers.Layer):
    """In training drops all of an example, or of a batch, and scales what is kept.

    It stands at the end of a residual branch; `mode` is "row" or "batch" (Huang et al.
    2016, arXiv:1603.09382, scaled as dropout is).
    """

    def __init__(self, rate, mode="row", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.mode = mode
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        return self.dropped(x, self.rate)

    def dropped(self, x, rate):
        decisions = [1] * len(x.shape)
        if self.mode == "row":
            decisions[0] = ops.shape(x)[0]
        drawn = keras.random.uniform(decisions, seed=self.seed_generator)
        return ops.where(drawn >= rate, x / (1 - rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "mode": self.mode, "seed": self.seed}
        return {**super().get_config(), **config}
