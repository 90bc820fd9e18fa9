"""plain: The plain nets that residual ones are compared with, the same layers without
shortcuts.

He et al. 2015, arXiv:1512.03385, figure 3 (counts are ResNet-18's and 34's less
their projections)
Written by Netwright 0.1.0 from plain.yaml; depends on Keras alone.
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


def stage(x, filters, depth, strides=2):
    x = conv_bn_relu(x, filters, 3, strides)
    for _ in range(2 * depth - 1):
        x = conv_bn_relu(x, filters, 3)
    return x


def build_model(classes=1000, width=64, depths=(3, 4, 6, 3), size=224):
    """Build the model; with these defaults it has 21,639,080 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, width, 7, 2)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0], strides=1)
    x = stage(x, 2 * width, depths[1])
    x = stage(x, 4 * width, depths[2])
    x = stage(x, 8 * width, depths[3])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="plain")
