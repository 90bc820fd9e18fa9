"""Owns `SinePositionEncoding`: places as waves."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class SinePositionEncoding(layers.Layer):
    """Sines and cosines of the steps, to be added to a tensor of that shape.

    The features are sine and cosine in turn, of waves from 2 pi to `max_wavelength`
    times that long (Vaswani et al. 2017, arXiv:1706.03762).
    """

    def __init__(self, max_wavelength=10000, **kwargs):
        super().__init__(**kwargs)
        self.max_wavelength = max_wavelength
        self.supports_masking = True

    def call(self, x):
        shape = ops.shape(x)
        steps, features = shape[-2], shape[-1]
        channel = ops.arange(features, dtype="int32")
        exponents = ops.cast(channel // 2 * 2, "float32") / ops.cast(
            features, "float32"
        )
        places = ops.arange(steps, dtype="float32")[:, None]
        angles = places / self.max_wavelength**exponents
        waves = ops.where(channel % 2 == 0, ops.sin(angles), ops.cos(angles))
        return ops.broadcast_to(ops.cast(waves, x.dtype), shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "max_wavelength": self.max_wavelength}
