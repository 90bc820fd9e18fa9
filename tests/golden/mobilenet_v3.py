"""mobilenet_v3: Searched inverted residuals with squeeze-and-excite, large and small.

Howard et al. 2019, arXiv:1905.02244 (counts as in torchvision and
keras.applications)
Written by Netwright 0.1.0 from mobilenet_v3.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def make_divisible(value, divisor=8, min_value=None):
    """The multiple of `divisor` nearest to `value`, never below 90% of it."""
    least = divisor if min_value is None else min_value
    nearest = max(least, int(value + divisor / 2) // divisor * divisor)
    return int(nearest + divisor if nearest < 0.9 * value else nearest)


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


def squeeze(x):
    C = x.shape[-1]
    return squeeze_excite(x, make_divisible(C // 4, 8), gate="hard_sigmoid")


def bottleneck(x, kernel, wide, filters, se, nl, strides, alpha):
    return inverted(
        x,
        width(filters, alpha=alpha),
        width(wide, alpha=alpha),
        kernel,
        strides,
        ops.hard_silu if nl == "HS" else keras.activations.relu,
        squeeze if se == "SE" else (lambda x: x),
    )


def build_model(
    classes=1000,
    alpha=1.0,
    size=224,
    last=1280,
    rows=(
        (3, 16, 16, "no", "RE", 1),
        (3, 64, 24, "no", "RE", 2),
        (3, 72, 24, "no", "RE", 1),
        (5, 72, 40, "SE", "RE", 2),
        (5, 120, 40, "SE", "RE", 1),
        (5, 120, 40, "SE", "RE", 1),
        (3, 240, 80, "no", "HS", 2),
        (3, 200, 80, "no", "HS", 1),
        (3, 184, 80, "no", "HS", 1),
        (3, 184, 80, "no", "HS", 1),
        (3, 480, 112, "SE", "HS", 1),
        (3, 672, 112, "SE", "HS", 1),
        (5, 672, 160, "SE", "HS", 2),
        (5, 960, 160, "SE", "HS", 1),
        (5, 960, 160, "SE", "HS", 1),
    ),
):
    """Build the model; with these defaults it has 5,507,432 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn(image, width(16, alpha=alpha), 3, 2)
    x = ops.hard_silu(x)
    for k, t, f, se, nl, s in rows:
        x = bottleneck(x, k, t, f, se, nl, s, alpha=alpha)
    x = conv_bn(x, width(6 * rows[-1][2], alpha=alpha), 1)
    x = layers.GlobalAveragePooling2D()(ops.hard_silu(x))
    x = layers.Dense(width(last, alpha=alpha), activation="hard_swish")(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="mobilenet_v3")
