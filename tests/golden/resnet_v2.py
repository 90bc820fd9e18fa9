"""resnet_v2: Identity mappings in deep residual networks, normalization and activation
before each convolution.

He et al. 2016, arXiv:1603.05027 (as in keras.applications, which has strides at a
stage's end)
Written by Netwright 0.1.0 from resnet_v2.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def bn_relu_conv(x, filters, kernel, strides=1, padding="same"):
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(filters, kernel, strides, padding, use_bias=False)(x)


def bottleneck(before, filters, strides=1):
    x = layers.Conv2D(filters, 1, use_bias=False)(before)
    x = bn_relu_conv(x, filters, 3, strides)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(4 * filters, 1)(x)


def projected(x, filters):
    before = layers.BatchNormalization()(x)
    before = layers.ReLU()(before)
    x = layers.Conv2D(4 * filters, 1)(before)
    y = bottleneck(before, filters)
    return x + y


def identity(x, filters, strides=1):
    y = layers.MaxPooling2D(1, strides)(x)
    z = layers.BatchNormalization()(x)
    z = layers.ReLU()(z)
    z = bottleneck(z, filters, strides)
    return y + z


def stage(x, filters, depth, strides=2):
    x = projected(x, filters)
    for _ in range(depth - 2):
        x = identity(x, filters)
    return identity(x, filters, strides)


def build_model(classes=1000, width=64, depths=(3, 4, 6, 3), size=224):
    """Build the model; with these defaults it has 25,613,800 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(width, 7, 2, padding="same")(image)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0])
    x = stage(x, 2 * width, depths[1])
    x = stage(x, 4 * width, depths[2])
    x = stage(x, 8 * width, depths[3], strides=1)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="resnet_v2")
