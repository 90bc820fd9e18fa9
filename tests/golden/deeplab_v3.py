"""deeplab_v3: DeepLabV3's atrous spatial pyramid pooling and FCN's head, on dilated
ResNets, each with an auxiliary head.

Chen et al. 2017, arXiv:1706.05587; Long et al. 2015, arXiv:1411.4038 (counts as in
torchvision, segmentation)
Written by Netwright 0.1.0 from deeplab_v3.yaml; depends on Keras alone.
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


def conv(x, filters, kernel=1, dilation=1):
    x = conv_bn(x, filters, kernel, dilation=dilation)
    return layers.ReLU()(x)


def fcn(x, filters, classes):
    x = conv(x, filters, 3)
    x = layers.Dropout(0.1)(x)
    return layers.Conv2D(classes, 1)(x)


def whole_image(x, filters):
    _, H, W, _ = x.shape
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = conv(x, filters)
    return layers.UpSampling2D((H, W))(x)


def deeplab(x, filters, classes, rates):
    pyramid = [conv(x, filters, 1 if rate == 1 else 3, rate) for rate in rates]
    pyramid = layers.Concatenate()(pyramid)
    y = whole_image(x, filters)
    y = layers.Concatenate()([pyramid, y])
    y = conv(y, filters)
    y = layers.Dropout(0.5)(y)
    y = conv(y, filters, 3)
    return layers.Conv2D(classes, 1)(y)


def build_model(
    classes=21,
    width=64,
    depths=(3, 4, 6, 3),
    atrous_pyramid=True,
    rates=(1, 12, 24, 36),
    size=520,
):
    """Build the model; with these defaults it has 42,061,290 parameters.

    image: f32[N, 520, 520, 3] -> output: f32[N, 520, 520, 21], auxiliary: f32[N,
    520, 520, 21]
    """
    image = keras.Input((size, size, 3), name="image")
    _, _, c4, c5 = maps(image, width, depths, dilated=True)
    if atrous_pyramid:
        output = deeplab(c5, 4 * width, classes=classes, rates=rates)
    else:
        output = fcn(c5, 8 * width, classes=classes)
    output = layers.Resizing(size, size)(output)
    auxiliary = fcn(c4, 4 * width, classes=classes)
    auxiliary = layers.Resizing(size, size)(auxiliary)
    return keras.Model(
        image, {"output": output, "auxiliary": auxiliary}, name="deeplab_v3"
    )
