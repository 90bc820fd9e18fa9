"""Owns `Draw`: random numbers, as a part of a model."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("netwright")
class Draw(layers.Lambda):
    """A function of a tensor, or of a list of them, and of a seed: another each time.

    Keras computes at once what depends on no input, so random numbers would be the
    same for ever; and a seed must belong to a layer to move on in a compiled step.
    """

    compute_output_shape = (
        layers.Layer.compute_output_shape
    )  # by tracing, dtype and all

    def __init__(self, function, seed=None, rearranges=False, **kwargs):
        super().__init__(function, autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.rearranges = rearranges

    def call(self, inputs):
        return self.function(inputs, self.seed_generator, **self.arguments)

    def compute_output_spec(self, inputs):
        if self.rearranges:  # what JAX does not trace where sizes are open
            return keras.KerasTensor(inputs.shape, inputs.dtype)
        return super().compute_output_spec(inputs)

    def get_config(self):
        config = {"seed": self.seed, "rearranges": self.rearranges}
        return {**super().get_config(), **config}
