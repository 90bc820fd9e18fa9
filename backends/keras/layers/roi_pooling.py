"""Owns `ROIPooling`: the largest elements of regions."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class ROIPooling(layers.Layer):
    """Max pooling of each box to one size.

    Boxes are corners x1, y1, x2, y2; times `spatial_scale`, and rounded, they are
    places in `x`. Windows outside of it give 0 (Girshick 2015, arXiv:1504.08083).
    """

    def __init__(self, output_size, spatial_scale=1.0, data_format=None, **kwargs):
        super().__init__(**kwargs)
        if isinstance(output_size, int):
            output_size = (output_size, output_size)
        self.output_size = tuple(output_size)
        self.spatial_scale = spatial_scale
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def call(self, x, boxes):
        if self.data_format == "channels_last":
            return self._pooled(x, boxes)
        y = self._pooled(ops.transpose(x, (0, 2, 3, 1)), boxes)
        return ops.transpose(y, (0, 1, 4, 2, 3))

    def _pooled(self, x, boxes):
        """The channels last: (images, boxes, rows, columns, channels)."""
        low, x = -float("inf"), ops.expand_dims(x, 1)
        _, _, height, width, _ = ops.shape(x)
        corners = ops.floor(ops.cast(boxes, "float32") * self.spatial_scale + 0.5)
        corners = ops.cast(ops.stop_gradient(corners), "int32")
        rows = self._windows(corners[..., 1], corners[..., 3], 0, height)
        columns = self._windows(corners[..., 0], corners[..., 2], 1, width)
        y = []
        for i in range(self.output_size[0]):
            inside = rows[:, :, i, :, None, None]
            y.append(ops.max(ops.where(inside, x, low), axis=2))
        x, y = ops.stack(y, axis=2), []
        for j in range(self.output_size[1]):
            inside = columns[:, :, None, j, :, None]
            y.append(ops.max(ops.where(inside, x, low), axis=3))
        y = ops.stack(y, axis=3)
        return ops.where(y > low, y, 0)

    def _windows(self, first, last, axis, length):
        """Which places are in which window: (images, boxes, windows, places)."""
        count = self.output_size[axis]
        size = ops.maximum(last - first + 1, 1)[..., None]
        window, place = ops.arange(count), ops.arange(length)
        start = first[..., None] + window * size // count
        stop = first[..., None] - (window + 1) * -size // count
        return ops.logical_and(place >= start[..., None], place < stop[..., None])

    def compute_output_shape(self, x_shape, boxes_shape):
        if self.data_format == "channels_last":
            return (*boxes_shape[:2], *self.output_size, x_shape[3])
        return (*boxes_shape[:2], x_shape[1], *self.output_size)

    def get_config(self):
        config = {"output_size": self.output_size, "spatial_scale": self.spatial_scale}
        config["data_format"] = self.data_format
        return {**super().get_config(), **config}
