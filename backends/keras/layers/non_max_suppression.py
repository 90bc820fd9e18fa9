"""Owns `NonMaxSuppression`: the best of boxes that overlap."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class NonMaxSuppression(layers.Layer):
    """The indices of the best boxes of each image, and how many they are.

    A box is left out if it overlaps a better one by more than `iou_threshold`, or its
    score is not above `score_threshold`. Where there are fewer than `max_output_size`,
    the other indices are 0. Boxes are opposite corners, x1, y1, x2, y2. No gradient
    passes.
    """

    def __init__(
        self, max_output_size, iou_threshold=0.5, score_threshold=None, **kwargs
    ):
        super().__init__(**kwargs)
        self.max_output_size = max_output_size
        self.iou_threshold = iou_threshold
        self.score_threshold = score_threshold

    def call(self, boxes, scores):
        boxes = ops.cast(ops.stop_gradient(boxes), "float32")
        scores, low = ops.stop_gradient(scores), -float("inf")
        if self.score_threshold is not None:
            scores = ops.where(scores > self.score_threshold, scores, low)
        index = ops.arange(ops.shape(scores)[1], dtype="int32")
        rank = ops.arange(self.max_output_size, dtype="int32")

        def keep_the_best(step, state):
            scores, kept, count = state
            best = ops.cast(ops.argmax(scores, axis=1, keepdims=True), "int32")
            found = ops.max(scores, axis=1, keepdims=True) > low
            box = ops.take_along_axis(boxes, best[..., None], axis=1)
            near = self._overlap(boxes, box) > self.iou_threshold
            gone = ops.logical_or(near, index == best)
            scores = ops.where(ops.logical_and(found, gone), low, scores)
            kept = ops.where(ops.logical_and(found, rank == step), best, kept)
            return scores, kept, count + ops.cast(found[:, 0], "int32")

        none = ops.cast(scores[:, :1], "int32") * 0
        state = (scores, none + rank * 0, none[:, 0])
        _, kept, count = ops.fori_loop(0, self.max_output_size, keep_the_best, state)
        return kept, count

    def _overlap(self, boxes, box):
        """The area that each box has in common with one, over that of both."""
        x1, y1, x2, y2 = (boxes[..., i] for i in range(4))
        left, top, right, bottom = (box[..., i] for i in range(4))
        width = ops.minimum(x2, right) - ops.maximum(x1, left)
        height = ops.minimum(y2, bottom) - ops.maximum(y1, top)
        common = ops.maximum(width, 0) * ops.maximum(height, 0)
        both = (x2 - x1) * (y2 - y1) + (right - left) * (bottom - top) - common
        return ops.where(both > 0, common / ops.where(both > 0, both, 1), 0)

    def compute_output_spec(self, boxes, scores):
        images = scores.shape[0]
        return (
            keras.KerasTensor((images, self.max_output_size), "int32"),
            keras.KerasTensor((images,), "int32"),
        )

    def get_config(self):
        config = {"max_output_size": self.max_output_size}
        config |= {"iou_threshold": self.iou_threshold}
        config |= {"score_threshold": self.score_threshold}
        return {**super().get_config(), **config}
