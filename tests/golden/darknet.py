"""darknet: Darknet-19 and Darknet-53, the classifiers on which YOLOv2 and YOLOv3 stand.

Redmon and Farhadi 2016, arXiv:1612.08242, and 2018, arXiv:1804.02767 (counts as in
Darknet's cfg/)
Written by Netwright 0.1.0 from darknet.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def conv(x, filters, kernel=3, strides=1, normalize=True):
    padded = layers.ZeroPadding2D(kernel // 2)(x) if strides > 1 else x
    x = layers.Conv2D(
        filters,
        kernel,
        strides,
        padding="valid" if strides > 1 else "same",
        use_bias=not normalize,
    )(padded)
    x = layers.BatchNormalization()(x) if normalize else x
    return leaky(x)


def leaky(x):
    return layers.LeakyReLU(0.1)(x)


def alternating(x, filters, depth):
    x = conv(x, filters)
    for _ in range(depth // 2):
        x = conv(x, filters // 2, 1)
        x = conv(x, filters)
    return x


def residual(x, filters):
    y = conv(x, filters // 2, 1)
    y = conv(y, filters)
    return x + y


def darknet19(x, width):
    fine = conv(x, width)
    fine = layers.MaxPooling2D()(fine)
    fine = conv(fine, 2 * width)
    fine = layers.MaxPooling2D()(fine)
    fine = alternating(fine, 4 * width, 3)
    fine = layers.MaxPooling2D()(fine)
    fine = alternating(fine, 8 * width, 3)
    fine = layers.MaxPooling2D()(fine)
    fine = alternating(fine, 16 * width, 5)
    x = layers.MaxPooling2D()(fine)
    x = alternating(x, 32 * width, 5)
    return fine, x


def stage(x, filters, depth):
    x = conv(x, filters, strides=2)
    for _ in range(depth):
        x = residual(x, filters)
    return x


def darknet53(x, width, depths):
    fine = conv(x, width)
    for k in range(3):
        fine = stage(fine, 2 ** (k + 1) * width, depths[k])
    medium = stage(fine, 16 * width, depths[3])
    x = stage(medium, 32 * width, depths[4])
    return fine, medium, x


def build_model(depth=53, classes=1000, width=32, depths=(1, 2, 8, 8, 4), size=256):
    """Build the model; with these defaults it has 41,645,640 parameters.

    image: f32[N, 256, 256, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    maps = darknet53(image, width, depths) if depth == 53 else darknet19(image, width)
    if depth == 53:
        x = layers.GlobalAveragePooling2D()(maps[-1])
        x = layers.Dense(classes)(x)
    else:
        x = layers.Conv2D(classes, 1)(maps[-1])
        x = layers.GlobalAveragePooling2D()(x)
    x = layers.Softmax()(x)
    return keras.Model(image, x, name="darknet")
