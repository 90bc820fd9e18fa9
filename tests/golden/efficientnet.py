"""efficientnet: EfficientNet B0 to B7, one net scaled in width, depth and resolution
together.

Tan and Le 2019, arXiv:1905.11946 (counts as in torchvision, which runs B2 at 288
pixels)
Written by Netwright 0.1.0 from efficientnet.yaml; depends on Keras alone.
"""

import math

import keras
from keras import layers, ops


def make_divisible(value, divisor=8, min_value=None):
    """The multiple of `divisor` nearest to `value`, never below 90% of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)


@keras.saving.register_keras_serializable("netwright")
class StochasticDepth(layers.Layer):
    """In training drops all of an example, or of a batch, and scales what is kept.

    It stands at the end of a residual branch; `mode` is "row" or "batch" (Huang et al.
    2016, arXiv:1603.09382, scaled as dropout is).
    """

    def __init__(self, rate, mode="row", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.mode = mode
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        return self.dropped(x, self.rate)

    def dropped(self, x, rate):
        decisions = [1] * len(x.shape)
        if self.mode == "row":
            decisions[0] = ops.shape(x)[0]
        drawn = keras.random.uniform(decisions, seed=self.seed_generator)
        return ops.where(drawn >= rate, x / (1 - rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "mode": self.mode, "seed": self.seed}
        return {**super().get_config(), **config}


def squeeze_excite(x, units, activation="relu", gate="sigmoid"):
    C = x.shape[-1]
    y = layers.GlobalAveragePooling2D(keepdims=True)(x)
    y = layers.Dense(units, activation=activation)(y)
    y = layers.Dense(C, activation=gate)(y)
    return x * y


def inverted(
    x,
    filters,
    wide,
    kernel=3,
    strides=1,
    f=keras.activations.relu,
    attend=lambda x: x,
    drop=lambda x: x,
):
    C = x.shape[-1]
    if wide != C:
        y = conv_bn(x, wide, 1)
        y = f(y)
    else:
        y = x
    y = depthwise_bn(y, kernel, strides)
    y = f(y)
    y = attend(y)
    y = conv_bn(y, filters, 1)
    if strides == 1 and C == filters:
        z = drop(y)
        return x + z
    return y


def mbconv(x, filters, expansion, kernel, strides, drop):
    C = x.shape[-1]
    return inverted(
        x,
        filters,
        expansion * C,
        kernel,
        strides,
        keras.activations.silu,
        lambda x: squeeze_excite(x, max(1, C // 4), "silu"),
        lambda x: StochasticDepth(drop)(x),
    )


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


def depthwise_bn(x, kernel, strides=1, padding="same", epsilon=1e-3, momentum=0.99):
    x = layers.DepthwiseConv2D(kernel, strides, padding, use_bias=False)(x)
    return layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)


def channels(n, width):
    return make_divisible(width * n, 8)


def stage(x, row, drop, width, depth):
    expansion, kernel, strides, filters, repeats = row
    x = mbconv(x, channels(filters, width=width), expansion, kernel, strides, drop)
    for _ in range(math.ceil(depth * repeats) - 1):
        x = mbconv(x, channels(filters, width=width), expansion, kernel, 1, drop)
    return x


def build_model(
    classes=1000,
    width=1.0,
    depth=1.0,
    size=224,
    rate=0.2,
    drop=0.2,
    stages=(
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ),
):
    """Build the model; with these defaults it has 5,330,564 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn(image, channels(32, width=width), 3, 2)
    x = keras.activations.silu(x)
    for i in range(len(stages)):
        x = stage(x, stages[i], drop * i / len(stages), width=width, depth=depth)
    x = conv_bn(x, channels(1280, width=width), 1)
    x = layers.GlobalAveragePooling2D()(keras.activations.silu(x))
    x = layers.Dropout(rate)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="efficientnet")
