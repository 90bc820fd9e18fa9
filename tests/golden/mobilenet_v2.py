"""mobilenet_v2: Inverted residuals and linear bottlenecks, width multiplier 1.

Sandler et al. 2018, arXiv:1801.04381 (counts as in torchvision and
keras.applications)
Written by Netwright 0.1.0 from mobilenet_v2.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def make_divisible(value, divisor=8, min_value=None):
    """The multiple of `divisor` nearest to `value`, never below 90% of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)


def m_inverted(
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


def width(channels, alpha):
    return make_divisible(alpha * channels, 8)


def inverted(x, expansion, filters, strides=1):
    C = x.shape[-1]
    return m_inverted(x, filters, expansion * C, 3, strides, layers.ReLU(max_value=6))


def stage(x, expansion, filters, repeats, strides):
    x = inverted(x, expansion, filters, strides)
    for _ in range(repeats - 1):
        x = inverted(x, expansion, filters)
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
    x = conv_bn(image, width(32, alpha=alpha), 3, 2)
    x = layers.ReLU(max_value=6)(x)
    for t, c, n, s in stages:
        x = stage(x, t, width(c, alpha=alpha), n, s)
    x = conv_bn(x, max(1280, width(1280, alpha=alpha)), 1)
    x = layers.ReLU(max_value=6)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="mobilenet_v2")
