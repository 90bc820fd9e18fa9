"""shufflenet_v2: ShuffleNet v2, each unit works on half of the channels and shuffles
both halves.

Ma et al. 2018, arXiv:1807.11164 (counts as in torchvision)
Written by Netwright 0.1.0 from shufflenet_v2.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class ChannelShuffle(layers.Layer):
    """Deals the channels of `groups` groups out, so that each gets some of all.

    Channel i of group g, of n in each, becomes channel i * groups + g (ShuffleNet:
    Zhang et al. 2017, arXiv:1707.01083).
    """

    def __init__(self, groups, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups
        self.axis = axis

    def call(self, x):
        axis = self.axis % len(x.shape)
        shape = ops.shape(x)
        size = shape[axis] // self.groups
        groups = (*shape[:axis], self.groups, size, *shape[axis + 1 :])
        dealt = ops.swapaxes(ops.reshape(x, groups), axis, axis + 1)
        return ops.reshape(dealt, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis}


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


def depthwise_bn(x, kernel, strides=1, padding="same", epsilon=1e-3, momentum=0.99):
    x = layers.DepthwiseConv2D(kernel, strides, padding, use_bias=False)(x)
    return layers.BatchNormalization(epsilon=epsilon, momentum=momentum)(x)


def branch(x, filters, strides=1):
    x = conv_bn_relu(x, filters, 1)
    x = depthwise_bn(x, 3, strides)
    return conv_bn_relu(x, filters, 1)


def reduction(x, filters):
    branch_1 = depthwise_bn(x, 3, 2)
    branch_1 = conv_bn_relu(branch_1, filters, 1)
    branch_2 = branch(x, filters, 2)
    x = layers.Concatenate()([branch_1, branch_2])
    return ChannelShuffle(2)(x)


def unit(x):
    C = x.shape[-1]
    y = branch(x[..., C // 2 :], C // 2)
    y = layers.Concatenate()([x[..., : C // 2], y])
    return ChannelShuffle(2)(y)


def stage(x, filters, depth):
    x = reduction(x, filters // 2)
    for _ in range(depth - 1):
        x = unit(x)
    return x


def build_model(
    classes=1000,
    width=116,
    stem=24,
    last=1024,
    depths=(4, 8, 4),
    size=224,
):
    """Build the model; with these defaults it has 2,294,784 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, stem, 3, 2)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0])
    x = stage(x, 2 * width, depths[1])
    x = stage(x, 4 * width, depths[2])
    x = conv_bn_relu(x, last, 1)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="shufflenet_v2")
