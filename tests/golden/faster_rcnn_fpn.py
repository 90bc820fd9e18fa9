"""faster_rcnn_fpn: Faster R-CNN on the feature pyramid of a ResNet with frozen batch
normalization.

Ren et al. 2015, arXiv:1506.01497; Lin et al. 2016, arXiv:1612.03144 (counts as in
torchvision)
Written by Netwright 0.1.0 from faster_rcnn_fpn.yaml; depends on Keras alone.
"""

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


def shortcut(x, filters, strides=1, use_bias=False, frozen=False, project=True):
    C = x.shape[-1]
    if strides == 1 and C == filters:
        return x
    elif project:
        return conv_bn(x, filters, 1, strides, use_bias=use_bias, frozen=frozen)
    else:
        return ops.pad(
            x[:, ::strides, ::strides], ((0, 0), (0, 0), (0, 0), (0, filters - C))
        )


def bottleneck(
    x,
    filters,
    strides=1,
    inner=None,
    groups=1,
    v1=False,
    use_bias=False,
    dilation=1,
    frozen=False,
):
    if inner is None:
        inner = filters // 4
    y = conv_bn(x, inner, 1, strides if v1 else 1, use_bias=use_bias, frozen=frozen)
    y = layers.ReLU()(y)
    y = conv_bn(
        y,
        inner,
        3,
        1 if v1 else strides,
        groups=groups,
        use_bias=use_bias,
        dilation=dilation,
        frozen=frozen,
    )
    y = layers.ReLU()(y)
    y = conv_bn(y, filters, 1, use_bias=use_bias, frozen=frozen)
    z = shortcut(x, filters, strides, use_bias, frozen)
    return layers.ReLU()(y + z)


def conv_bn(
    x,
    filters,
    kernel,
    strides=1,
    padding="same",
    groups=1,
    use_bias=False,
    epsilon=1e-3,
    momentum=0.99,
    scale=True,
    dilation=1,
    frozen=False,
):
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding,
        dilation_rate=dilation,
        groups=groups,
        use_bias=use_bias,
    )(x)
    return layers.BatchNormalization(
        epsilon=epsilon,
        momentum=momentum,
        scale=scale,
        trainable=not frozen,
    )(x)


def moved(boxes, deltas):
    size = boxes[..., 2:] - boxes[..., :2]
    centre = boxes[..., :2] + size / 2 + deltas[..., :2] * size
    half = ops.exp(ops.minimum(deltas[..., 2:], 4.135))
    return layers.Concatenate()([centre - half * size / 2, centre + half * size / 2])


def inside(x, height, width):
    x1, y1, x2, y2 = ops.unstack(x, axis=-1)
    return ops.stack(
        [
            ops.clip(x1, 0, width),
            ops.clip(y1, 0, height),
            ops.clip(x2, 0, width),
            ops.clip(y2, 0, height),
        ],
        axis=-1,
    )


def highest(boxes, scores, most):
    B = boxes.shape[1]
    values, places = ops.top_k(scores, min(most, B))
    return ops.take_along_axis(boxes, ops.expand_dims(places, -1), axis=1), values


def best(boxes, scores, before, after, overlap):
    candidates, values = highest(boxes, scores, before)
    indices, valid = NonMaxSuppression(after, overlap)(candidates, values)
    found = ops.less(ops.arange(after), ops.expand_dims(valid, -1))
    return (
        ops.take_along_axis(candidates, ops.expand_dims(indices, -1), axis=1),
        ops.where(found, ops.take_along_axis(values, indices, axis=1), -1e9),
    )


def merged(fine, coarse, filters):
    x = layers.Conv2D(filters, 1)(fine)
    y = layers.UpSampling2D()(coarse)
    return x + y


def stage(x, filters, depth, strides=2, dilation=1, frozen=False):
    x = bottleneck(x, filters, strides, dilation=max(1, dilation // 2), frozen=frozen)
    for _ in range(depth - 1):
        x = bottleneck(x, filters, dilation=dilation, frozen=frozen)
    return x


def maps(x, width, depths, dilated=False, frozen=False):
    c2 = conv_bn(x, width, 7, 2, frozen=frozen)
    c2 = layers.ReLU()(c2)
    c2 = layers.MaxPooling2D(3, 2, padding="same")(c2)
    c2 = stage(c2, 4 * width, depths[0], strides=1, frozen=frozen)
    c3 = stage(c2, 8 * width, depths[1], frozen=frozen)
    strides = 1 if dilated else 2
    rates = (2, 4) if dilated else (1, 1)
    c4 = stage(c3, 16 * width, depths[2], strides, rates[0], frozen)
    c5 = stage(c4, 32 * width, depths[3], strides, rates[1], frozen)
    return c2, c3, c4, c5


def pyramid(x, width, depths, filters):
    c2, c3, c4, c5 = maps(x, width, depths, frozen=True)
    t5 = layers.Conv2D(filters, 1)(c5)
    t4 = merged(c4, t5, filters)
    t3 = merged(c3, t4, filters)
    t2 = merged(c2, t3, filters)
    p2, p3, p4, p5 = [
        layers.Conv2D(filters, 3, padding="same")(t) for t in [t2, t3, t4, t5]
    ]
    x = layers.MaxPooling2D(1, 2)(p5)
    return p2, p3, p4, p5, x


def proposals(p2, p3, p4, p5, p6, filters, regions, size):
    common = layers.Conv2D(filters, 3, padding="same", activation="relu")
    score = layers.Conv2D(3, 1)
    move = layers.Conv2D(4 * 3, 1)
    maps_ = [common(p) for p in [p2, p3, p4, p5, p6]]
    items = []
    for y in maps_:
        x = score(y)
        items.append(layers.Flatten()(x))
    objects = items
    items = []
    for y in maps_:
        x = move(y)
        items.append(layers.Reshape((-1, 4))(x))
    moves = items
    items = []
    for i in range(5):
        x = Anchors((32 * 2**i,), strides=4 * 2**i)(maps_[i])
        x = moved(x, moves[i])
        items.append(inside(x, size, size))
    boxes = items
    best_ = [best(boxes[i], objects[i], regions, regions, 0.7) for i in range(5)]
    chosen = layers.Concatenate(axis=1)([x[0] for x in best_])
    x = layers.Concatenate()([x[1] for x in best_])
    chosen, _ = highest(chosen, x, regions)
    x = layers.Concatenate()(objects)
    y = layers.Concatenate(axis=1)(moves)
    return x, y, ops.stop_gradient(chosen)


def aligned(p2, p3, p4, p5, boxes, bins):
    R = boxes.shape[1]
    sides = boxes[..., 2:] - boxes[..., :2]
    level = ops.log2(sides[..., 0] * sides[..., 1] / 224**2) / 2 + 1e-6
    level = ops.clip(ops.floor(level), -2, 1)
    items = []
    for i, p in [[0, p2], [1, p3], [2, p4], [3, p5]]:
        x = ROIAlign(bins, 2 ** (-2 - i))(p, boxes)
        y = layers.Reshape((R, 1, 1, 1))(ops.cast(ops.equal(level, i - 2), "float32"))
        items.append(x * y)
    return layers.Add()(items)


def classified(p2, p3, p4, p5, boxes, hidden, classes):
    R = boxes.shape[1]
    y = aligned(p2, p3, p4, p5, boxes, 7)
    y = layers.Reshape((R, -1))(y)
    for _ in range(2):
        y = layers.Dense(hidden, activation="relu")(y)
    x = layers.Dense(classes)(y)
    z = layers.Dense(4 * classes)(y)
    return x, z


def build_model(
    classes=91,
    width=64,
    depths=(3, 4, 6, 3),
    filters=None,
    hidden=None,
    size=800,
    regions=1000,
):
    """Build the model; with these defaults it has 41,861,526 parameters.

    image: f32[N, 800, 800, 3] -> objects: f32[N, 159882], moves: f32[N, 159882, 4],
    boxes: f32[N, 1000, 4], scores: f32[N, 1000, 91], deltas: f32[N, 1000, 364]
    """
    if filters is None:
        filters = 4 * width
    if hidden is None:
        hidden = 16 * width
    image = keras.Input((size, size, 3), name="image")
    p2, p3, p4, p5, p6 = pyramid(image, width, depths, filters)
    objects, moves, boxes = proposals(p2, p3, p4, p5, p6, filters, regions, size)
    scores, deltas = classified(p2, p3, p4, p5, boxes, hidden, classes)
    return keras.Model(
        image,
        {
            "objects": objects,
            "moves": moves,
            "boxes": boxes,
            "scores": scores,
            "deltas": deltas,
        },
        name="faster_rcnn_fpn",
    )
