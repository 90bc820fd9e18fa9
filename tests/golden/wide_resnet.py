"""wide_resnet: Wide residual networks for CIFAR, 6n + 4 layers, k times as wide.

Zagoruyko and Komodakis 2016, arXiv:1605.07146 (counts as in imgclsmob; for ImageNet
see resnext.yaml)
Written by Netwright 0.1.0 from wide_resnet.yaml; depends on Keras alone.
"""

import keras
from keras import layers


def bn_relu_conv(x, filters, kernel, strides=1, padding="same"):
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(filters, kernel, strides, padding, use_bias=False)(x)


def conv(x, filters, kernel, strides=1):
    return layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)


def wide(x, filters, strides=1, *, drop):
    C = x.shape[-1]
    before = layers.BatchNormalization()(x)
    before = layers.ReLU()(before)
    y = conv(before, filters, 3, strides)
    y = layers.Dropout(drop)(y)
    y = bn_relu_conv(y, filters, 3)
    z = x if C == filters else conv(before, filters, 1, strides)
    return y + z


def stage(x, filters, strides=2, *, depth, drop):
    x = wide(x, filters, strides, drop=drop)
    for _ in range((depth - 4) // 6 - 1):
        x = wide(x, filters, drop=drop)
    return x


def build_model(depth=28, k=10, width=16, drop=0.0, classes=10, size=32):
    """Build the model; with these defaults it has 36,497,146 parameters.

    image: f32[N, 32, 32, 3] -> output: f32[N, 10]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv(image, width, 3)
    x = stage(x, k * width, 1, depth=depth, drop=drop)
    x = stage(x, 2 * k * width, depth=depth, drop=drop)
    x = stage(x, 4 * k * width, depth=depth, drop=drop)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="wide_resnet")
