"""inception_v4: Inception without residual connections, deeper and more even than v3.

Szegedy et al. 2016, arXiv:1602.07261, figures 3 to 9 (counts as in imgclsmob's
inceptionv4)
Written by Netwright 0.1.0 from inception_v4.yaml; depends on Keras alone.
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


def conv(x, filters, kernel, strides=1, padding="same", *, scale):
    return conv_bn_relu(x, max(1, round(scale * filters)), kernel, strides, padding)


def pooled(x, filters, scale):
    x = layers.AveragePooling2D(3, 1, padding="same")(x)
    return conv(x, filters, 1, scale=scale)


def stem(x, scale):
    x = conv(x, 32, 3, 2, "valid", scale=scale)
    x = conv(x, 32, 3, 1, "valid", scale=scale)
    x = conv(x, 64, 3, scale=scale)
    branch_1 = layers.MaxPooling2D(3, 2)(x)
    branch_2 = conv(x, 96, 3, 2, "valid", scale=scale)
    x = layers.Concatenate()([branch_1, branch_2])
    branch_1 = conv(x, 64, 1, scale=scale)
    branch_1 = conv(branch_1, 96, 3, 1, "valid", scale=scale)
    branch_2 = conv(x, 64, 1, scale=scale)
    branch_2 = conv(branch_2, 64, (1, 7), scale=scale)
    branch_2 = conv(branch_2, 64, (7, 1), scale=scale)
    branch_2 = conv(branch_2, 96, 3, 1, "valid", scale=scale)
    x = layers.Concatenate()([branch_1, branch_2])
    branch_1 = conv(x, 192, 3, 2, "valid", scale=scale)
    branch_2 = layers.MaxPooling2D(3, 2)(x)
    return layers.Concatenate()([branch_1, branch_2])


def inception_a(x, scale):
    branch_1 = conv(x, 96, 1, scale=scale)
    branch_2 = conv(x, 64, 1, scale=scale)
    branch_2 = conv(branch_2, 96, 3, scale=scale)
    branch_3 = conv(x, 64, 1, scale=scale)
    branch_3 = conv(branch_3, 96, 3, scale=scale)
    branch_3 = conv(branch_3, 96, 3, scale=scale)
    branch_4 = pooled(x, 96, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def inception_b(x, scale):
    branch_1 = conv(x, 384, 1, scale=scale)
    branch_2 = conv(x, 192, 1, scale=scale)
    branch_2 = conv(branch_2, 224, (1, 7), scale=scale)
    branch_2 = conv(branch_2, 256, (7, 1), scale=scale)
    branch_3 = conv(x, 192, 1, scale=scale)
    branch_3 = conv(branch_3, 192, (7, 1), scale=scale)
    branch_3 = conv(branch_3, 224, (1, 7), scale=scale)
    branch_3 = conv(branch_3, 224, (7, 1), scale=scale)
    branch_3 = conv(branch_3, 256, (1, 7), scale=scale)
    branch_4 = pooled(x, 128, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def split_(x, scale):
    branch_1 = conv(x, 256, (1, 3), scale=scale)
    branch_2 = conv(x, 256, (3, 1), scale=scale)
    return layers.Concatenate()([branch_1, branch_2])


def inception_c(x, scale):
    branch_1 = conv(x, 256, 1, scale=scale)
    branch_2 = conv(x, 384, 1, scale=scale)
    branch_2 = split_(branch_2, scale=scale)
    branch_3 = conv(x, 384, 1, scale=scale)
    branch_3 = conv(branch_3, 448, (3, 1), scale=scale)
    branch_3 = conv(branch_3, 512, (1, 3), scale=scale)
    branch_3 = split_(branch_3, scale=scale)
    branch_4 = pooled(x, 256, scale=scale)
    return layers.Concatenate()([branch_1, branch_2, branch_3, branch_4])


def build_model(classes=1000, scale=1.0, size=299, depths=(4, 7, 3)):
    """Build the model; with these defaults it has 42,742,984 parameters.

    image: f32[N, 299, 299, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = stem(image, scale=scale)
    for _ in range(depths[0]):
        x = inception_a(x, scale=scale)
    branch_1 = conv(x, 384, 3, 2, "valid", scale=scale)
    branch_2 = conv(x, 192, 1, scale=scale)
    branch_2 = conv(branch_2, 224, 3, scale=scale)
    branch_2 = conv(branch_2, 256, 3, 2, "valid", scale=scale)
    branch_3 = layers.MaxPooling2D(3, 2)(x)
    x = layers.Concatenate()([branch_1, branch_2, branch_3])
    for _ in range(depths[1]):
        x = inception_b(x, scale=scale)
    branch_1 = conv(x, 192, 1, scale=scale)
    branch_1 = conv(branch_1, 192, 3, 2, "valid", scale=scale)
    branch_2 = conv(x, 256, 1, scale=scale)
    branch_2 = conv(branch_2, 256, (1, 7), scale=scale)
    branch_2 = conv(branch_2, 320, (7, 1), scale=scale)
    branch_2 = conv(branch_2, 320, 3, 2, "valid", scale=scale)
    branch_3 = layers.MaxPooling2D(3, 2)(x)
    x = layers.Concatenate()([branch_1, branch_2, branch_3])
    for _ in range(depths[2]):
        x = inception_c(x, scale=scale)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="inception_v4")
