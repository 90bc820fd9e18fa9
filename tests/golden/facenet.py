"""facenet: Faces as places on a sphere, those of one person near each other, by triplet
loss; the output is the loss.

Schroff, Kalenichenko and Philbin 2015, arXiv:1503.03832, on Inception-ResNet v1 (as
in Sandberg's facenet 20180408 with 512 numbers for a face; the paper's own nets are
NN1, with 140 M parameters, and NN2, with 7.5 M)
Written by Netwright 0.1.0 from facenet.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


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


def squared_distance(a, b):
    return ops.sum(ops.square(a - b), axis=-1)


def triplet(anchor, positive, negative, margin=0.2):
    x = squared_distance(anchor, positive)
    y = squared_distance(anchor, negative)
    return layers.ReLU()(x - y + margin)


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


def embed(x, units):
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(units, use_bias=False)(x)
    return layers.BatchNormalization(scale=False)(x)


def build_model(units=512, depths=(5, 10, 5), scale=1.0, size=160, margin=0.2):
    """Build the model; with these defaults it has 23,497,424 parameters.

    anchor: f32[N, 160, 160, 3], positive: f32[N, 160, 160, 3], negative: f32[N, 160,
    160, 3] -> output: f32[N]
    """
    anchor = keras.Input((size, size, 3), name="anchor")
    positive = keras.Input((size, size, 3), name="positive")
    negative = keras.Input((size, size, 3))
    x = keras.Input(anchor.shape[1:])
    y = version_1(x, scale, depths)
    y = embed(y, units)
    face = keras.Model(x, layers.UnitNormalization()(y), name="face")
    x = face(anchor)
    y = face(positive)
    z = face(negative)
    x = triplet(x, y, z, margin)
    return keras.Model(
        {"anchor": anchor, "positive": positive, "negative": negative},
        x,
        name="facenet",
    )
