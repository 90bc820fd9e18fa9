"""resnet: Deep residual learning for image recognition, 18 to 152 layers.

He et al. 2015, arXiv:1512.03385 (counts of each style as in that definition)
Written by Netwright 0.1.0 from resnet.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


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


def basic(x, filters, strides=1, project=True):
    y = conv_bn_relu(x, filters, 3, strides)
    y = conv_bn(y, filters, 3)
    z = shortcut(x, filters, strides, project=project)
    return layers.ReLU()(y + z)


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


def conv_bn_relu(x, filters, kernel, strides=1, padding="same", groups=1, scale=True):
    x = conv_bn(x, filters, kernel, strides, padding, groups, scale=scale)
    return layers.ReLU()(x)


def residual(x, filters, strides=1, *, bottlenecks, style):
    if bottlenecks:
        return bottleneck(
            x,
            4 * filters,
            strides,
            v1=style != "torchvision",
            use_bias=style == "keras",
        )
    else:
        return basic(x, filters, strides)


def stage(x, filters, depth, strides=2, *, bottlenecks, style):
    x = residual(x, filters, strides, bottlenecks=bottlenecks, style=style)
    for _ in range(depth - 1):
        x = residual(x, filters, bottlenecks=bottlenecks, style=style)
    return x


def build_model(
    classes=1000,
    width=64,
    depths=(3, 4, 6, 3),
    bottlenecks=True,
    style="torchvision",
    size=224,
):
    """Build the model; with these defaults it has 25,610,152 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn(image, width, 7, 2, use_bias=style == "keras")
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0], strides=1, bottlenecks=bottlenecks, style=style)
    x = stage(x, 2 * width, depths[1], bottlenecks=bottlenecks, style=style)
    x = stage(x, 4 * width, depths[2], bottlenecks=bottlenecks, style=style)
    x = stage(x, 8 * width, depths[3], bottlenecks=bottlenecks, style=style)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="resnet")
