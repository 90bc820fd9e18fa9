"""vgg: Very deep convolutional networks of 11 to 19 weight layers, with batch
normalization if wanted.

Simonyan and Zisserman 2014, arXiv:1409.1556, configurations A, B, D and E (with _bn
as in torchvision)
Written by Netwright 0.1.0 from vgg.yaml; depends on Keras alone.
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


def convolutions(x, filters, depth, dilation=1):
    for _ in range(depth):
        x = layers.Conv2D(
            filters,
            3,
            padding="same",
            dilation_rate=dilation,
            activation="relu",
        )(x)
    return x


def normalized(x, filters, depth):
    for _ in range(depth):
        x = conv_bn(x, filters, 3, use_bias=True)
        x = layers.ReLU()(x)
    return x


def stage(x, filters, depth, normalize=False):
    y = normalized(x, filters, depth) if normalize else convolutions(x, filters, depth)
    return layers.MaxPooling2D(2, padding="same")(y)


def build_model(
    classes=1000,
    width=64,
    depths=(2, 2, 3, 3, 3),
    hidden=4096,
    size=224,
    normalize=False,
):
    """Build the model; with these defaults it has 138,357,544 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = stage(image, width, depths[0], normalize)
    x = stage(x, 2 * width, depths[1], normalize)
    x = stage(x, 4 * width, depths[2], normalize)
    x = stage(x, 8 * width, depths[3], normalize)
    x = stage(x, 8 * width, depths[4], normalize)
    x = layers.Flatten()(x)
    for _ in range(2):
        x = layers.Dense(hidden, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="vgg")
