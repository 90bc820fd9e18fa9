"""faster_rcnn: Faster R-CNN, whose regions are proposed by a net on the same maps, on
VGG16 or ZF.

Ren et al. 2015, arXiv:1506.01497 (counts as in github.com/rbgirshick/py-faster-rcnn,
faster_rcnn_end2end)
Written by Netwright 0.1.0 from faster_rcnn.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class LocalResponseNormalization(layers.Layer):
    """Divides x by (bias + alpha * s) ** beta, s the sum of the squares nearby.

    Near are elements up to `depth_radius` places away along `axis`: the channels, as
    in AlexNet and TensorFlow, or rows and columns for windows within each map. What
    lies outside counts as 0. Caffe's alpha is ours times the size of the window.
    """

    def __init__(
        self, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5, axis=-1, **kwargs
    ):
        super().__init__(**kwargs)
        self.depth_radius = depth_radius
        self.bias = bias
        self.alpha = alpha
        self.beta = beta
        self.axis = axis

    def call(self, x):
        total = ops.square(x)
        for axis in [self.axis] if isinstance(self.axis, int) else self.axis:
            total = self._sums(total, axis % len(x.shape))
        return x / ops.power(self.bias + self.alpha * total, self.beta)

    def _sums(self, x, axis):
        """The sums over windows along one axis."""
        rank, radius = len(x.shape), self.depth_radius
        beside = [(radius, radius) if each == axis else (0, 0) for each in range(rank)]
        padded = ops.pad(x, beside)
        before = (slice(None),) * axis
        total = padded[(*before, slice(2 * radius, None))]
        for start in range(2 * radius):
            total = total + padded[(*before, slice(start, start - 2 * radius))]
        return total

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"depth_radius": self.depth_radius, "bias": self.bias}
        config |= {"alpha": self.alpha, "beta": self.beta, "axis": self.axis}
        return {**super().get_config(), **config}


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


def vgg_convolutions(x, filters, depth, dilation=1):
    for _ in range(depth):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
        )(x)
    return x


def normalized(x, filters, depth):
    for _ in range(depth):
        x = conv_bn(x, filters, 3, use_bias=True)
        x = layers.ReLU()(x)
    return x


def stage(x, filters, depth, normalize_=False):
    if normalize_:
        y = normalized(x, filters, depth)
    else:
        y = vgg_convolutions(x, filters, depth)
    return layers.MaxPooling2D(2, padding="same")(y)


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


def pool(x, pad=0):
    _, H, W, _ = x.shape
    rows = (pad, pad + (H + 1) % 2)
    columns = (pad, pad + (W + 1) % 2)
    y = layers.ZeroPadding2D((rows, columns))(x) if sum(rows + columns) > 0 else x
    return layers.MaxPooling2D(3, 2)(y)


def vgg16(x, width):
    x = stage(x, width, 2)
    x = stage(x, 2 * width, 2)
    x = stage(x, 4 * width, 3)
    x = stage(x, 8 * width, 3)
    return vgg_convolutions(x, 8 * width, 3)


def classified(x, boxes, bins, hidden, classes):
    R = boxes.shape[1]
    y = ROIPooling(bins, 1 / 16)(x, boxes)
    y = layers.Reshape((R, -1))(y)
    for _ in range(2):
        y = layers.Dense(hidden, activation="relu")(y)
        y = layers.Dropout(0.5)(y)
    x = layers.Dense(classes, activation="softmax")(y)
    z = layers.Dense(4 * classes)(y)
    return x, z


def zf(x, width):
    x = layers.ZeroPadding2D(3)(x)
    x = layers.Conv2D(3 * width, 7, 2, activation="relu")(x)
    x = normalized_pool(x)
    x = layers.ZeroPadding2D(2)(x)
    x = layers.Conv2D(8 * width, 5, 2, activation="relu")(x)
    x = normalized_pool(x)
    for _ in range(2):
        x = layers.Conv2D(12 * width, 3, padding="same", activation="relu")(x)
    return layers.Conv2D(8 * width, 3, padding="same", activation="relu")(x)


def normalized_pool(x):
    x = LocalResponseNormalization(1, 1.0, 5e-5 / 9, 0.75, axis=(1, 2))(x)
    return pool(x, pad=1)


def rpn(x, anchors):
    C = x.shape[-1]
    y = layers.Conv2D(C, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(2 * anchors, 1)(y)
    z = layers.Conv2D(4 * anchors, 1)(y)
    return x, z


def proposals(x, scores, deltas, height, breadth, scales, before, regions):
    A2 = scores.shape[-1]
    y = Anchors(scales)(x)
    z = layers.Reshape((-1, 4))(deltas)
    boxes = moved(y, z)
    boxes = inside(boxes, height, breadth)
    objectness = scores[..., A2 // 2 :] - scores[..., : A2 // 2]
    objectness = layers.Flatten()(objectness)
    best_, _ = best(boxes, objectness, before, regions, 0.7)
    return ops.stop_gradient(best_)


def build_model(
    classes=21,
    trunk="vgg16",
    width=None,
    hidden=4096,
    height=600,
    breadth=1000,
    scales=(128, 256, 512),
    before=6000,
    regions=300,
):
    """Build the model; with these defaults it has 137,078,239 parameters.

    image: f32[N, 600, 1000, 3] -> objects: f32[N, 38, 63, 18], moves: f32[N, 38, 63,
    36], boxes: f32[N, 300, 4], scores: f32[N, 300, 21], deltas: f32[N, 300, 84]
    """
    if width is None:
        width = 64 if trunk == "vgg16" else 32
    image = keras.Input((height, breadth, 3), name="image")
    maps = vgg16(image, width) if trunk == "vgg16" else zf(image, width)
    objects, moves = rpn(maps, 3 * len(scales))
    boxes = proposals(
        maps,
        objects,
        moves,
        height=height,
        breadth=breadth,
        scales=scales,
        before=before,
        regions=regions,
    )
    scores, deltas = classified(
        maps, boxes, 7 if trunk == "vgg16" else 6, hidden, classes
    )
    return keras.Model(
        image,
        {
            "objects": objects,
            "moves": moves,
            "boxes": boxes,
            "scores": scores,
            "deltas": deltas,
        },
        name="faster_rcnn",
    )
