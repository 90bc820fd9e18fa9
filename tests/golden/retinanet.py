"""retinanet: RetinaNet, which tells nine boxes at every place of five maps, on the
feature pyramid of a ResNet.

Lin et al. 2017, arXiv:1708.02002 (counts as in torchvision, retinanet_resnet50_fpn)
Written by Netwright 0.1.0 from retinanet.yaml; depends on Keras alone.
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
    _, c3, c4, c5 = maps(x, width, depths, frozen=True)
    t5 = layers.Conv2D(filters, 1)(c5)
    t4 = merged(c4, t5, filters)
    t3 = merged(c3, t4, filters)
    p3, p4, p5 = [layers.Conv2D(filters, 3, padding="same")(t) for t in [t3, t4, t5]]
    p6 = layers.Conv2D(filters, 3, 2, padding="same")(p5)
    x = layers.ReLU()(p6)
    x = layers.Conv2D(filters, 3, 2, padding="same")(x)
    return p3, p4, p5, p6, x


def head(p3, p4, p5, p6, p7, numbers, filters):
    x = keras.Input((None, None, p3.shape[3]))
    y = x
    for _ in range(4):
        y = layers.Conv2D(filters, 3, padding="same", activation="relu")(y)
    common = keras.Model(x, layers.Conv2D(9 * numbers, 3, padding="same")(y))
    items = []
    for p in [p3, p4, p5, p6, p7]:
        x = common(p)
        items.append(layers.Reshape((-1, numbers))(x))
    return layers.Concatenate(axis=1)(items)


def build_model(classes=91, width=64, depths=(3, 4, 6, 3), filters=None, size=800):
    """Build the model; with these defaults it has 34,121,239 parameters.

    image: f32[N, 800, 800, 3] -> scores: f32[N, 120087, 91], deltas: f32[N, 120087,
    4]
    """
    if filters is None:
        filters = 4 * width
    image = keras.Input((size, size, 3), name="image")
    maps_ = pyramid(image, width=width, depths=depths, filters=filters)
    scores = head(*maps_, classes, filters=filters)
    deltas = head(*maps_, 4, filters=filters)
    return keras.Model(image, {"scores": scores, "deltas": deltas}, name="retinanet")
