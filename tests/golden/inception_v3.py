"""inception_v3: Rethinking the Inception architecture, with factorised convolutions; a
second head may help to train it.

Szegedy et al. 2015, arXiv:1512.00567 (as in keras.applications.InceptionV3; the
others as in torchvision)
Written by Netwright 0.1.0 from inception_v3.yaml; depends on Keras alone.
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


def conv(x, filters, kernel, strides=1, padding="same", *, scale, factors):
    return conv_bn_relu(
        x, max(1, round(scale * filters)), kernel, strides, padding, scale=factors
    )


def pooled(x, filters, scale, factors):
    x = layers.AveragePooling2D(3, 1, padding="same")(x)
    return conv(x, filters, 1, scale=scale, factors=factors)


def grid(x, pool, scale, factors):
    branch_1 = conv(x, 64, 1, scale=scale, factors=factors)
    branch_2 = conv(x, 48, 1, scale=scale, factors=factors)
    branch_2 = conv(branch_2, 64, 5, scale=scale, factors=factors)
    branch_3 = conv(x, 64, 1, scale=scale, factors=factors)
    branch_3 = conv(branch_3, 96, 3, scale=scale, factors=factors)
    branch_3 = conv(branch_3, 96, 3, scale=scale, factors=factors)
    branch_4 = pooled(x, pool, scale=scale, factors=factors)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def factorised(x, w, scale, factors):
    branch_1 = conv(x, 192, 1, scale=scale, factors=factors)
    branch_2 = conv(x, w, 1, scale=scale, factors=factors)
    branch_2 = conv(branch_2, w, (1, 7), scale=scale, factors=factors)
    branch_2 = conv(branch_2, 192, (7, 1), scale=scale, factors=factors)
    branch_3 = conv(x, w, 1, scale=scale, factors=factors)
    branch_3 = conv(branch_3, w, (7, 1), scale=scale, factors=factors)
    branch_3 = conv(branch_3, w, (1, 7), scale=scale, factors=factors)
    branch_3 = conv(branch_3, w, (7, 1), scale=scale, factors=factors)
    branch_3 = conv(branch_3, 192, (1, 7), scale=scale, factors=factors)
    branch_4 = pooled(x, 192, scale=scale, factors=factors)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def expanded(x, scale, factors):
    branch_1 = conv(x, 320, 1, scale=scale, factors=factors)
    branch_2 = conv(x, 384, 1, scale=scale, factors=factors)
    branch_2_1 = conv(branch_2, 384, (1, 3), scale=scale, factors=factors)
    branch_2_2 = conv(branch_2, 384, (3, 1), scale=scale, factors=factors)
    branch_2 = layers.Concatenate()([branch_2_1, branch_2_2])
    branch_3 = conv(x, 448, 1, scale=scale, factors=factors)
    branch_3 = conv(branch_3, 384, 3, scale=scale, factors=factors)
    branch_3_1 = conv(branch_3, 384, (1, 3), scale=scale, factors=factors)
    branch_3_2 = conv(branch_3, 384, (3, 1), scale=scale, factors=factors)
    branch_3 = layers.Concatenate()([branch_3_1, branch_3_2])
    branch_4 = pooled(x, 192, scale=scale, factors=factors)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def auxiliary(x, classes, scale, factors):
    x = layers.AveragePooling2D(5, 3)(x)
    x = conv(x, 128, 1, scale=scale, factors=factors)
    x = conv(x, 768, 5, 1, "valid", scale=scale, factors=factors)
    x = layers.Flatten()(x)
    return layers.Dense(classes, activation="softmax")(x)


def build_model(classes=1000, scale=1.0, size=299, factors=False, heads=False):
    """Build the model; with these defaults it has 23,851,784 parameters.

    image: f32[N, 299, 299, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    middle = conv(image, 32, 3, 2, "valid", scale=scale, factors=factors)
    middle = conv(middle, 32, 3, 1, "valid", scale=scale, factors=factors)
    middle = conv(middle, 64, 3, scale=scale, factors=factors)
    middle = layers.MaxPooling2D(3, 2)(middle)
    middle = conv(middle, 80, 1, 1, "valid", scale=scale, factors=factors)
    middle = conv(middle, 192, 3, 1, "valid", scale=scale, factors=factors)
    middle = layers.MaxPooling2D(3, 2)(middle)
    middle = grid(middle, 32, scale=scale, factors=factors)
    middle = grid(middle, 64, scale=scale, factors=factors)
    middle = grid(middle, 64, scale=scale, factors=factors)
    branch_1 = conv(middle, 384, 3, 2, "valid", scale=scale, factors=factors)
    branch_2 = conv(middle, 64, 1, scale=scale, factors=factors)
    branch_2 = conv(branch_2, 96, 3, scale=scale, factors=factors)
    branch_2 = conv(branch_2, 96, 3, 2, "valid", scale=scale, factors=factors)
    branch_3 = layers.MaxPooling2D(3, 2)(middle)
    middle = layers.Concatenate()([branch_1, branch_2, branch_3])
    middle = factorised(middle, 128, scale=scale, factors=factors)
    for _ in range(2):
        middle = factorised(middle, 160, scale=scale, factors=factors)
    middle = factorised(middle, 192, scale=scale, factors=factors)
    branch_1 = conv(middle, 192, 1, scale=scale, factors=factors)
    branch_1 = conv(branch_1, 320, 3, 2, "valid", scale=scale, factors=factors)
    branch_2 = conv(middle, 192, 1, scale=scale, factors=factors)
    branch_2 = conv(branch_2, 192, (1, 7), scale=scale, factors=factors)
    branch_2 = conv(branch_2, 192, (7, 1), scale=scale, factors=factors)
    branch_2 = conv(branch_2, 192, 3, 2, "valid", scale=scale, factors=factors)
    branch_3 = layers.MaxPooling2D(3, 2)(middle)
    y = layers.Concatenate()([branch_1, branch_2, branch_3])
    for _ in range(2):
        y = expanded(y, scale=scale, factors=factors)
    y = layers.GlobalAveragePooling2D()(y)
    y = layers.Dense(classes, activation="softmax")(y)
    if heads:
        x = auxiliary(middle, classes=classes, scale=scale, factors=factors)
        return keras.Model(image, {"output_0": y, "output_1": x}, name="inception_v3")
    return keras.Model(image, y, name="inception_v3")
