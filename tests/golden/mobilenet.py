"""mobilenet: MobileNet v1, depthwise separable convolutions.

Howard et al. 2017, arXiv:1704.04861 (counts as in shicai/MobileNet-Caffe and
keras.applications)
Written by Netwright 0.1.0 from mobilenet.yaml; depends on Keras alone.
"""

import keras
from keras import layers


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


def depthwise_bn(x, kernel, strides=1, padding="same", epsilon=1e-3, momentum=0.99):
    x = layers.DepthwiseConv2D(kernel, strides, padding, use_bias=False)(x)
    return layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)


def width(channels, alpha):
    return round(alpha * channels)


def separable(x, filters, strides=1):
    x = depthwise_bn(x, 3, strides)
    x = layers.ReLU()(x)
    return conv_bn_relu(x, filters, 1)


def stage(x, filters, strides, repeats):
    x = separable(x, filters, strides)
    for _ in range(repeats - 1):
        x = separable(x, filters)
    return x


def build_model(
    classes=1000,
    alpha=1.0,
    size=224,
    stages=((64, 1, 1), (128, 2, 2), (256, 2, 2), (512, 2, 6), (1024, 2, 2)),
):
    """Build the model; with these defaults it has 4,253,864 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, width(32, alpha=alpha), 3, 2)
    for c, s, n in stages:
        x = stage(x, width(c, alpha=alpha), s, n)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.001)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="mobilenet")
