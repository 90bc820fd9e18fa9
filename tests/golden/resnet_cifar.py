"""resnet_cifar: Deep residual learning on CIFAR-10, 6n + 2 layers of 3x3 convolutions.

He et al. 2015, arXiv:1512.03385, section 4.2 (counts as in imgclsmob, which
projects)
Written by Netwright 0.1.0 from resnet_cifar.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


def shortcut(x, filters, strides=1, use_bias=False, frozen=False, project=True):
    C = x.shape[-1]
    if strides == 1 and C == filters:
        return x
    elif project:
        return conv_bn(x, filters, 1, strides, use_bias=use_bias, frozen=frozen)
    else:
        return ops.pad(
            x[:, ::strides, ::strides], ((0, 0), (0, 0), (0, 0), (0, filters - C))
        )


def basic(x, filters, strides=1, project=True):
    y = conv_bn_relu(x, filters, 3, strides)
    y = conv_bn(y, filters, 3)
    z = shortcut(x, filters, strides, project=project)
    return layers.ReLU()(y + z)


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


def stage(x, filters, strides=2, *, depth, project):
    x = basic(x, filters, strides, project)
    for _ in range((depth - 2) // 6 - 1):
        x = basic(x, filters)
    return x


def build_model(depth=20, width=16, classes=10, size=32, project=True):
    """Build the model; with these defaults it has 274,042 parameters.

    image: f32[N, 32, 32, 3] -> output: f32[N, 10]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, width, 3)
    x = stage(x, width, 1, depth=depth, project=project)
    x = stage(x, 2 * width, depth=depth, project=project)
    x = stage(x, 4 * width, depth=depth, project=project)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="resnet_cifar")
