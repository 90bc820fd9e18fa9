"""mobilenet_v2: Inverted residuals and linear bottlenecks, width multiplier 1.

Sandler et al. 2018, arXiv:1801.04381 (as in keras.applications.MobileNetV2)
Written by Netwright 0.1.0 from mobilenet_v2.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def make_divisible(value, divisor=8, min_value=None):
    """The multiple of `divisor` nearest to `value`, never below 90% of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)


def width(channels, alpha):
    return make_divisible(alpha * channels, 8)


def norm(x):
    return layers.BatchNormalization(momentum=0.999, epsilon=1e-3)(x)


def conv(x, filters, kernel, strides=1):
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
    return norm(x)


def inverted(x, expansion, filters, strides):
    C = x.shape[-1]
    if expansion > 1:
        wide = conv(x, expansion * C, 1)
        wide = layers.ReLU(max_value=6)(wide)
    else:
        wide = x
    y = layers.DepthwiseConv2D(3, strides, padding="same", use_bias=False)(wide)
    y = norm(y)
    y = layers.ReLU(max_value=6)(y)
    y = conv(y, filters, 1)
    return x + y if strides == 1 and C == filters else y


def stage(x, expansion, filters, repeats, strides):
    x = inverted(x, expansion, filters, strides)
    for _ in range(repeats - 1):
        x = inverted(x, expansion, filters, 1)
    return x


def build_model(
    classes=1000,
    alpha=1.0,
    size=224,
    stages=(
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ),
):
    """Build the model; with these defaults it has 3,538,984 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv(image, width(32, alpha=alpha), 3, 2)
    x = layers.ReLU(max_value=6)(x)
    for t, c, n, s in stages:
        x = stage(x, t, width(c, alpha=alpha), n, s)
    x = conv(x, max(1280, width(1280, alpha=alpha)), 1)
    x = layers.ReLU(max_value=6)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="mobilenet_v2")
