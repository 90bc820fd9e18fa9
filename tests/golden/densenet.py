"""densenet: Densely connected convolutional networks, each layer takes the outputs of
all before it.

Huang et al. 2016, arXiv:1608.06993 (counts as in torchvision, of densenet_bc_100 as
in imgclsmob)
Written by Netwright 0.1.0 from densenet.yaml; depends on Keras alone.
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


def bn_relu_conv(x, filters, kernel, strides=1, padding="same"):
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    return layers.Conv2D(filters, kernel, strides, padding, use_bias=False)(x)


def stem(x, growth, cifar):
    if cifar:
        return layers.Conv2D(2 * growth, 3, padding="same", use_bias=False)(x)
    x = conv_bn_relu(x, 2 * growth, 7, 2)
    return layers.MaxPooling2D(3, 2, padding="same")(x)


def layer(x, growth):
    y = bn_relu_conv(x, 4 * growth, 1)
    y = bn_relu_conv(y, growth, 3)
    return layers.Concatenate()([x, y])


def transition(x):
    C = x.shape[-1]
    x = bn_relu_conv(x, C // 2, 1)
    return layers.AveragePooling2D(2)(x)


def build_model(classes=1000, growth=32, depths=(6, 12, 24, 16), cifar=False, size=224):
    """Build the model; with these defaults it has 8,062,504 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    # Keras recurses over a model's layers; here 426 follow on each other.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 2_000))
    image = keras.Input((size, size, 3), name="image")
    x = stem(image, growth=growth, cifar=cifar)
    for depth in depths[:-1]:
        for _ in range(depth):
            x = layer(x, growth=growth)
        x = transition(x)
    for _ in range(depths[-1]):
        x = layer(x, growth=growth)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="densenet")
