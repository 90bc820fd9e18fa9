"""Owns `Anchors`: boxes around every place of a map."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Anchors(layers.Layer):
    """Boxes x1, y1, x2, y2 around every place of a map, of which the shape matters.

    There is one for each size and aspect ratio, height by width, by row, column, size
    and ratio (Ren et al. 2015, arXiv:1506.01497, counted as Detectron2 does).
    """

    def __init__(
        self,
        sizes,
        aspect_ratios=(0.5, 1.0, 2.0),
        strides=16,
        offset=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.sizes = tuple(sizes)
        self.aspect_ratios = tuple(aspect_ratios)
        self.strides = (
            (strides, strides) if isinstance(strides, int) else tuple(strides)
        )
        self.offset = offset
        self.data_format = (data_format or keras.config.image_data_format()).lower()

    def call(self, x):
        height, width = self._spatial(ops.shape(x))
        down = self._centres(height, 0)[:, None, None]
        across = self._centres(width, 1)[:, None]
        still = ops.zeros_like(down + across)
        pairs = [(size, ratio) for size in self.sizes for ratio in self.aspect_ratios]
        half_widths = self._tensor([size / ratio**0.5 / 2 for size, ratio in pairs])
        half_heights = self._tensor([size * ratio**0.5 / 2 for size, ratio in pairs])
        corners = [across - half_widths, down - half_heights]
        corners += [across + half_widths, down + half_heights]
        boxes = ops.stack([still + corner for corner in corners], axis=-1)
        return ops.cast(ops.reshape(boxes, (-1, 4)), self.compute_dtype)

    def _tensor(self, values):
        return ops.convert_to_tensor(values, dtype="float32")

    def _centres(self, count, axis):
        places = ops.arange(count, dtype="float32")
        return (places + self.offset) * self.strides[axis]

    def _spatial(self, shape):
        return shape[1:3] if self.data_format == "channels_last" else shape[2:]

    def compute_output_shape(self, input_shape):
        height, width = self._spatial(input_shape)
        count = len(self.sizes) * len(self.aspect_ratios)
        known = height is not None and width is not None
        return (height * width * count if known else None, 4)

    def get_config(self):
        config = {"sizes": self.sizes, "aspect_ratios": self.aspect_ratios}
        config |= {"strides": self.strides, "offset": self.offset}
        config["data_format"] = self.data_format
        return {**super().get_config(), **config}
