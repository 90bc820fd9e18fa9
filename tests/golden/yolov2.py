"""yolov2: YOLO9000's detector on Darknet-19, five boxes for each of 19x19 cells.

Redmon and Farhadi 2016, arXiv:1612.08242 (counts as in Darknet's cfg/yolov2.cfg)
Written by Netwright 0.1.0 from yolov2.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


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


def build_model(classes=80, boxes=5, width=32, size=608):
    """Build the model; with these defaults it has 50,983,561 parameters.

    image: f32[N, 608, 608, 3] -> output: f32[N, 19, 19, 425]
    """
    image = keras.Input((size, size, 3), name="image")
    fine, coarse = darknet19(image, width)
    passed = conv(fine, 2 * width, 1)
    passed = ops.space_to_depth(passed, 2)
    x = coarse
    for _ in range(2):
        x = conv(x, 32 * width)
    x = layers.Concatenate()([passed, x])
    x = conv(x, 32 * width)
    x = layers.Conv2D(boxes * (5 + classes), 1)(x)
    return keras.Model(image, x, name="yolov2")
