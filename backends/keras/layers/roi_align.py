"""Owns `ROIAlign`: interpolated means of regions."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class ROIAlign(layers.Layer):
    """Brings each box to one size by means of interpolated samples.

    Boxes are corners x1, y1, x2, y2; times `spatial_scale` they are places in `x`. In
    each window are `sampling_ratio` by `sampling_ratio` samples; all is counted as
    torchvision's roi_align does (He et al. 2017, arXiv:1703.06870).
    """

    def __init__(
        self,
        output_size,
        spatial_scale=1.0,
        sampling_ratio=2,
        aligned=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if isinstance(output_size, int):
            output_size = (output_size, output_size)
        self.output_size = tuple(output_size)
        self.spatial_scale = spatial_scale
        self.sampling_ratio = sampling_ratio
        self.aligned = aligned
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def call(self, x, boxes):
        if self.data_format == "channels_last":
            return self._aligned(x, boxes)
        y = self._aligned(ops.transpose(x, (0, 2, 3, 1)), boxes)
        return ops.transpose(y, (0, 1, 4, 2, 3))

    def _aligned(self, x, boxes):
        """The channels last: (images, boxes, rows, columns, channels)."""
        images, height, width, channels = ops.shape(x)
        corners = ops.cast(boxes, "float32") * self.spatial_scale
        corners = corners - (0.5 if self.aligned else 0.0)
        rows = self._samples(corners[..., 1], corners[..., 3], 0, height)
        columns = self._samples(corners[..., 0], corners[..., 2], 1, width)
        image = ops.arange(images, dtype="int32")[:, None, None, None]
        flat = ops.reshape(x, (-1, channels))
        y = 0
        for row, down in rows:
            for column, right in columns:
                place = image * height + row[..., None]
                place = place * width + column[:, :, None, :]
                weight = ops.cast(down[..., None] * right[:, :, None, :], x.dtype)
                y = y + ops.take(flat, place, axis=0) * weight[..., None]
        rows, columns = self.output_size
        samples = (rows, self.sampling_ratio, columns, self.sampling_ratio, channels)
        y = ops.reshape(y, (images, ops.shape(boxes)[1], *samples))
        return ops.mean(y, axis=(3, 5))

    def _samples(self, low, high, axis, length):
        """The places on either side of each sample, and how much they weigh."""
        size = high - low if self.aligned else ops.maximum(high - low, 1)
        count = self.output_size[axis] * self.sampling_ratio
        steps = (ops.arange(count, dtype="float32") + 0.5) / count
        at = low[..., None] + size[..., None] * steps
        last = ops.cast(length - 1, "float32")
        inside = ops.cast(ops.logical_and(at >= -1, at <= last + 1), "float32")
        at = ops.minimum(ops.maximum(at, 0), last)
        before = ops.floor(at)
        part, before = at - before, ops.cast(before, "int32")
        behind = ops.minimum(before + 1, length - 1)
        return (before, (1 - part) * inside), (behind, part * inside)

    def compute_output_shape(self, x_shape, boxes_shape):
        if self.data_format == "channels_last":
            return (*boxes_shape[:2], *self.output_size, x_shape[3])
        return (*boxes_shape[:2], x_shape[1], *self.output_size)

    def get_config(self):
        config = {"output_size": self.output_size, "spatial_scale": self.spatial_scale}
        config |= {"sampling_ratio": self.sampling_ratio, "aligned": self.aligned}
        config["data_format"] = self.data_format
        return {**super().get_config(), **config}
