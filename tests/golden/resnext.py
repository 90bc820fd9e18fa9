"""resnext: Aggregated residual transformations, bottlenecks with a wide middle in
groups, or in one as in Wide ResNet.

Xie et al. 2016, arXiv:1611.05431; Zagoruyko and Komodakis 2016, arXiv:1605.07146
(counts as in torchvision)
Written by Netwright 0.1.0 from resnext.yaml; depends on Keras alone.
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


def stage(x, scale, depth, strides=2, *, width, groups, group_width):
    x = block(x, scale, strides, width=width, groups=groups, group_width=group_width)
    for _ in range(depth - 1):
        x = block(x, scale, width=width, groups=groups, group_width=group_width)
    return x


def block(x, scale, strides=1, *, width, groups, group_width):
    return bottleneck(
        x, 4 * scale * width, strides, scale * groups * group_width, groups
    )


def build_model(
    classes=1000,
    width=64,
    depths=(3, 4, 6, 3),
    groups=32,
    group_width=4,
    size=224,
):
    """Build the model; with these defaults it has 25,097,128 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, width, 7, 2)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(
        x, 1, depths[0], strides=1, width=width, groups=groups, group_width=group_width
    )
    x = stage(x, 2, depths[1], width=width, groups=groups, group_width=group_width)
    x = stage(x, 4, depths[2], width=width, groups=groups, group_width=group_width)
    x = stage(x, 8, depths[3], width=width, groups=groups, group_width=group_width)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="resnext")
