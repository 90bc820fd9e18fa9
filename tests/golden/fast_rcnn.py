"""fast_rcnn: Fast R-CNN, which pools regions from the maps of a whole image, on VGG16
or CaffeNet.

Girshick 2015, arXiv:1504.08083 (counts as in github.com/rbgirshick/fast-rcnn,
models/)
Written by Netwright 0.1.0 from fast_rcnn.yaml; depends on Keras alone.
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


def pool(x, pad=0):
    _, H, W, _ = x.shape
    rows = (pad, pad + (H + 1) % 2)
    columns = (pad, pad + (W + 1) % 2)
    y = layers.ZeroPadding2D((rows, columns))(x) if sum(rows + columns) > 0 else x
    return layers.MaxPooling2D(3, 2)(y)


def normalize(x):
    return LocalResponseNormalization(2, 1.0, 1e-4 / 5, 0.75)(x)


def caffenet_convolutions(x, width, pad=0):
    x = layers.Conv2D(3 * width, 11, 4, activation="relu")(x)
    x = pool(x, pad)
    x = normalize(x)
    x = layers.Conv2D(8 * width, 5, padding="same", groups=2, activation="relu")(x)
    x = pool(x, pad)
    x = normalize(x)
    x = layers.Conv2D(12 * width, 3, padding="same", activation="relu")(x)
    x = layers.Conv2D(12 * width, 3, padding="same", groups=2, activation="relu")(x)
    return layers.Conv2D(8 * width, 3, padding="same", groups=2, activation="relu")(x)


def convolutions(x, filters, depth, dilation=1):
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
    y = normalized(x, filters, depth) if normalize_ else convolutions(x, filters, depth)
    return layers.MaxPooling2D(2, padding="same")(y)


def vgg16(x, width):
    x = stage(x, width, 2)
    x = stage(x, 2 * width, 2)
    x = stage(x, 4 * width, 3)
    x = stage(x, 8 * width, 3)
    return convolutions(x, 8 * width, 3)


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


def build_model(
    classes=21,
    trunk="vgg16",
    width=None,
    hidden=4096,
    height=600,
    breadth=1000,
    regions=2000,
):
    """Build the model; with these defaults it has 134,690,729 parameters.

    image: f32[N, 600, 1000, 3], boxes: f32[N, 2000, 4] -> scores: f32[N, 2000, 21],
    deltas: f32[N, 2000, 84]
    """
    if width is None:
        width = 64 if trunk == "vgg16" else 32
    image = keras.Input((height, breadth, 3), name="image")
    boxes = keras.Input((regions, 4), name="boxes")
    if trunk == "vgg16":
        maps = vgg16(image, width)
    else:
        maps = layers.ZeroPadding2D(5)(image)
        maps = caffenet_convolutions(maps, width, pad=1)
    scores, deltas = classified(
        maps, boxes, 7 if trunk == "vgg16" else 6, hidden, classes
    )
    return keras.Model(
        {"image": image, "boxes": boxes},
        {"scores": scores, "deltas": deltas},
        name="fast_rcnn",
    )
