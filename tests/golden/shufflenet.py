"""shufflenet: ShuffleNet v1, grouped pointwise convolutions with channels shuffled
between them.

Zhang et al. 2017, arXiv:1707.01083 (counts as in imgclsmob)
Written by Netwright 0.1.0 from shufflenet.yaml; depends on Keras alone.
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


def branch(x, filters, middle, strides=1, groups_in=None, *, groups):
    if groups_in is None:
        groups_in = groups
    x = conv_bn_relu(x, middle, 1, groups=groups_in)
    x = ChannelShuffle(groups)(x)
    x = depthwise_bn(x, 3, strides)
    return conv_bn(x, filters, 1, groups=groups)


def reduction(x, filters, groups_in, groups):
    C = x.shape[-1]
    y = branch(x, filters - C, filters // 4, 2, groups_in, groups=groups)
    z = layers.AveragePooling2D(3, 2, padding="same")(x)
    y = layers.Concatenate()([y, z])
    return layers.ReLU()(y)


def unit(x, groups):
    C = x.shape[-1]
    y = branch(x, C, C // 4, groups=groups)
    return layers.ReLU()(x + y)


def stage(x, filters, depth, groups_in=None, *, groups):
    if groups_in is None:
        groups_in = groups
    x = reduction(x, filters, groups_in, groups=groups)
    for _ in range(depth - 1):
        x = unit(x, groups=groups)
    return x


def build_model(classes=1000, groups=3, width=240, stem=24, depths=(4, 8, 4), size=224):
    """Build the model; with these defaults it has 1,890,208 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = conv_bn_relu(image, stem, 3, 2)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = stage(x, width, depths[0], 1, groups=groups)
    x = stage(x, 2 * width, depths[1], groups=groups)
    x = stage(x, 4 * width, depths[2], groups=groups)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="shufflenet")
