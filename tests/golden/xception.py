"""xception: Inception taken to its extreme, depthwise separable convolutions with
residual connections.

Chollet 2016, arXiv:1610.02357, figure 5 (as in keras.applications.Xception)
Written by Netwright 0.1.0 from xception.yaml; depends on Keras alone.
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


def width(filters, scale):
    return max(1, round(scale * filters))


def separable(x, filters):
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False)(x)
    return layers.BatchNormalization()(x)


def entry(x, filters, first=keras.activations.relu):
    y = first(x)
    y = separable(y, filters)
    y = layers.ReLU()(y)
    y = separable(y, filters)
    y = layers.MaxPooling2D(3, 2, padding="same")(y)
    z = conv_bn(x, filters, 1, 2)
    return y + z


def middle(x):
    C = x.shape[-1]
    y = x
    for _ in range(3):
        y = layers.ReLU()(y)
        y = separable(y, C)
    return x + y


def exit_(x, filters):
    C = x.shape[-1]
    y = layers.ReLU()(x)
    y = separable(y, C)
    y = layers.ReLU()(y)
    y = separable(y, filters)
    y = layers.MaxPooling2D(3, 2, padding="same")(y)
    z = conv_bn(x, filters, 1, 2)
    return y + z


def build_model(classes=1000, scale=1.0, size=299, depth=8):
    """Build the model; with these defaults it has 22,910,480 parameters.

    image: f32[N, 299, 299, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, width(32, scale=scale), 3, 2, "valid")
    x = conv_bn_relu(x, width(64, scale=scale), 3, 1, "valid")
    x = entry(x, width(128, scale=scale), first=lambda x: x)
    x = entry(x, width(256, scale=scale))
    x = entry(x, width(728, scale=scale))
    for _ in range(depth):
        x = middle(x)
    x = exit_(x, width(1024, scale=scale))
    x = separable(x, width(1536, scale=scale))
    x = layers.ReLU()(x)
    x = separable(x, width(2048, scale=scale))
    x = layers.ReLU()(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="xception")
