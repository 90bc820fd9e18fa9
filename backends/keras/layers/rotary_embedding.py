"""Owns `RotaryEmbedding`: places as rotations."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class RotaryEmbedding(layers.Layer):
    """Turns pairs of features by angles that grow with the step.

    Feature k of the first half and feature k of the second make a pair, as in KerasHub
    (Su et al. 2021, arXiv:2104.09864).
    """

    def __init__(
        self,
        max_wavelength=10000,
        scaling_factor=1.0,
        sequence_axis=1,
        feature_axis=-1,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.max_wavelength = max_wavelength
        self.scaling_factor = scaling_factor
        self.sequence_axis = sequence_axis
        self.feature_axis = feature_axis
        self.supports_masking = True

    def call(self, x):
        first, second = ops.split(x, 2, axis=self.feature_axis)
        angles = self._angles(first)
        cos = ops.cast(ops.cos(angles), x.dtype)
        sin = ops.cast(ops.sin(angles), x.dtype)
        turned = [first * cos - second * sin, second * cos + first * sin]
        return ops.concatenate(turned, axis=self.feature_axis)

    def _angles(self, half):
        """Of each step and pair, in float32, to be broadcast to `half`."""
        sequence = self.sequence_axis % len(half.shape)
        feature = self.feature_axis % len(half.shape)
        steps, pairs = ops.shape(half)[sequence], ops.shape(half)[feature]
        places = ops.arange(steps, dtype="float32") / self.scaling_factor
        exponents = ops.arange(pairs, dtype="float32") / ops.cast(pairs, "float32")
        angles = places[:, None] / self.max_wavelength**exponents
        if feature < sequence:
            angles = ops.transpose(angles)
        shape = [1] * len(half.shape)
        shape[sequence], shape[feature] = steps, pairs
        return ops.reshape(angles, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            "max_wavelength": self.max_wavelength,
            "scaling_factor": self.scaling_factor,
            "sequence_axis": self.sequence_axis,
            "feature_axis": self.feature_axis,
        }
        return {**super().get_config(), **config}
