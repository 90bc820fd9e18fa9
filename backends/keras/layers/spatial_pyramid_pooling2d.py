"""Owns `SpatialPyramidPooling2D`: images of all sizes as so many windows."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class SpatialPyramidPooling2D(layers.Layer):
    """Pools to grids of `bins` by `bins` windows, one grid after another.

    Window i of b reaches from floor(i L / b) to ceil((i + 1) L / b); `mode` is "max" or
    "average" (He et al. 2014, arXiv:1406.4729).
    """

    def __init__(self, bins, mode="max", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.bins = tuple(bins)
        self.mode = mode
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def call(self, x):
        if self.data_format == "channels_first":
            x = ops.transpose(x, (0, 2, 3, 1))
        pool = ops.max if self.mode == "max" else ops.mean
        _, height, width, _ = ops.shape(x)
        windows = [
            pool(x[:, rows, columns], axis=(1, 2))
            for bins in self.bins
            for rows in self._windows(height, bins)
            for columns in self._windows(width, bins)
        ]
        return ops.stack(windows, axis=1)

    def _windows(self, length, bins):
        return [
            slice(i * length // bins, -(-(i + 1) * length // bins)) for i in range(bins)
        ]

    def compute_output_shape(self, input_shape):
        channels = input_shape[-1 if self.data_format == "channels_last" else 1]
        return (input_shape[0], sum(bins**2 for bins in self.bins), channels)

    def get_config(self):
        config = {"bins": self.bins, "mode": self.mode, "data_format": self.data_format}
        return {**super().get_config(), **config}
