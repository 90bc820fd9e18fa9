"""inception_resnet: Inception modules as residual branches, versions 1 and 2, for
ImageNet.

Szegedy et al. 2016, arXiv:1602.07261 (v2: as in
keras.applications.InceptionResNetV2; v1: as in Sandberg's facenet and imgclsmob's
inceptionresnetv1, which differ from the paper by the layer of 512 units)
Written by Netwright 0.1.0 from inception_resnet.yaml; depends on Keras alone.
"""

import sys

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


def conv(x, filters, kernel, strides=1, padding="same"):
    return conv_bn_relu(
        x, max(1, round(filters)), kernel, strides, padding, scale=False
    )


def add_scaled(x, branches, amount):
    C = x.shape[-1]
    y = branches(x)
    y = layers.Concatenate()(y)
    y = layers.Conv2D(C, 1)(y)
    return x + amount * y


def start(x, s):
    x = conv(x, 32 * s, 3, 2, "valid")
    x = conv(x, 32 * s, 3, 1, "valid")
    x = conv(x, 64 * s, 3)
    x = layers.MaxPooling2D(3, 2)(x)
    x = conv(x, 80 * s, 1)
    return conv(x, 192 * s, 3, 1, "valid")


def block_35(x, s, a, b):
    def layer(x):
        branch_1 = conv(x, 32 * s, 1)
        branch_2 = conv(x, 32 * s, 1)
        branch_2 = conv(branch_2, 32 * s, 3)
        branch_3 = conv(x, 32 * s, 1)
        branch_3 = conv(branch_3, a * s, 3)
        branch_3 = conv(branch_3, b * s, 3)
        return branch_1, branch_2, branch_3

    x = add_scaled(x, layer, 0.17)
    return layers.ReLU()(x)


def reduce_35(x, s, a, b):
    branch_1 = conv(x, 384 * s, 3, 2, "valid")
    branch_2 = conv(x, a * s, 1)
    branch_2 = conv(branch_2, a * s, 3)
    branch_2 = conv(branch_2, b * s, 3, 2, "valid")
    branch_3 = layers.MaxPooling2D(3, 2)(x)
    return layers.Concatenate()([branch_1, branch_2, branch_3])


def block_17(x, s, a, b):
    def layer(x):
        branch_1 = conv(x, b * s, 1)
        branch_2 = conv(x, 128 * s, 1)
        branch_2 = conv(branch_2, a * s, (1, 7))
        branch_2 = conv(branch_2, b * s, (7, 1))
        return branch_1, branch_2

    x = add_scaled(x, layer, 0.1)
    return layers.ReLU()(x)


def reduce_17(x, s, a, b):
    branch_1 = conv(x, 256 * s, 1)
    branch_1 = conv(branch_1, 384 * s, 3, 2, "valid")
    branch_2 = conv(x, 256 * s, 1)
    branch_2 = conv(branch_2, a * s, 3, 2, "valid")
    branch_3 = conv(x, 256 * s, 1)
    branch_3 = conv(branch_3, a * s, 3)
    branch_3 = conv(branch_3, b * s, 3, 2, "valid")
    branch_4 = layers.MaxPooling2D(3, 2)(x)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def block_8(x, s, a, b, amount=0.2):
    def layer(x):
        branch_1 = conv(x, 192 * s, 1)
        branch_2 = conv(x, 192 * s, 1)
        branch_2 = conv(branch_2, a * s, (1, 3))
        branch_2 = conv(branch_2, b * s, (3, 1))
        return branch_1, branch_2

    return add_scaled(x, layer, amount)


def version_1(x, s, depths):
    x = start(x, s)
    x = conv(x, 256 * s, 3, 2, "valid")
    for _ in range(depths[0]):
        x = block_35(x, s, 32, 32)
    x = reduce_35(x, s, 192, 256)
    for _ in range(depths[1]):
        x = block_17(x, s, 128, 128)
    x = reduce_17(x, s, 256, 256)
    for _ in range(depths[2]):
        x = block_8(x, s, 192, 192)
        x = layers.ReLU()(x)
    return block_8(x, s, 192, 192, amount=1)


def version_2(x, s, depths):
    x = start(x, s)
    x = layers.MaxPooling2D(3, 2)(x)
    branch_1 = conv(x, 96 * s, 1)
    branch_2 = conv(x, 48 * s, 1)
    branch_2 = conv(branch_2, 64 * s, 5)
    branch_3 = conv(x, 64 * s, 1)
    branch_3 = conv(branch_3, 96 * s, 3)
    branch_3 = conv(branch_3, 96 * s, 3)
    branch_4 = layers.AveragePooling2D(3, 1, padding="same")(x)
    branch_4 = conv(branch_4, 64 * s, 1)
    x = layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])
    for _ in range(depths[0]):
        x = block_35(x, s, 48, 64)
    x = reduce_35(x, s, 256, 384)
    for _ in range(depths[1]):
        x = block_17(x, s, 160, 192)
    x = reduce_17(x, s, 288, 320)
    for _ in range(depths[2]):
        x = block_8(x, s, 224, 256)
        x = layers.ReLU()(x)
    x = block_8(x, s, 224, 256, amount=1)
    return conv(x, 1536 * s, 1)


def embed(x, units):
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(units, use_bias=False)(x)
    return layers.BatchNormalization(scale=False)(x)


def features(x, version, depths, scale):
    if version == 1:
        x = version_1(x, scale, depths)
        return embed(x, max(1, round(512 * scale)))
    x = version_2(x, scale, depths)
    x = layers.GlobalAveragePooling2D()(x)
    return layers.Dropout(0.2)(x)


def build_model(classes=1000, version=2, depths=(10, 20, 9), scale=1.0, size=299):
    """Build the model; with these defaults it has 55,873,736 parameters.

    image: f32[N, 299, 299, 3] -> output: f32[N, 1000]
    """
    # Keras recurses over a model's layers; here 612 follow on each other.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 3_000))
    image = keras.Input((size, size, 3), name="image")
    x = features(image, version=version, depths=depths, scale=scale)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="inception_resnet")
