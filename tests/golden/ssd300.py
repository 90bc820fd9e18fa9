"""ssd300: SSD, which tells boxes of several shapes at every place of six maps, on
VGG16.

Liu et al. 2015, arXiv:1512.02325 (counts as in torchvision, ssd300_vgg16)
Written by Netwright 0.1.0 from ssd300.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Weight(layers.Layer):
    """An array of the model's own, trained like a kernel.

    It depends on no input. Keras computes at once what depends on none, so this takes
    a tensor of the model, and ignores it.
    """

    def __init__(
        self,
        shape,
        initializer="glorot_uniform",
        regularizer=None,
        constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.shape = tuple(shape)
        self.initializer = keras.initializers.get(initializer)
        self.regularizer = keras.regularizers.get(regularizer)
        self.constraint = keras.constraints.get(constraint)
        self.array = self.add_weight(
            name="weight",
            shape=self.shape,
            initializer=self.initializer,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )
        self.built = True

    def call(self, x=None):
        return ops.convert_to_tensor(self.array.value)

    def compute_output_spec(self, x=None):
        return keras.KerasTensor(self.shape, self.compute_dtype)

    def get_config(self):
        config = {
            "shape": self.shape,
            "initializer": keras.initializers.serialize(self.initializer),
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "constraint": keras.constraints.serialize(self.constraint),
        }
        return {**super().get_config(), **config}


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


def conv(x, filters, kernel=1, dilation=1, padding="same"):
    return layers.Conv2D(
        filters,
        kernel,
        padding=padding,
        dilation_rate=dilation,
        activation="relu",
    )(x)


def halved(x, filters):
    x = conv(x, filters // 2)
    x = layers.ZeroPadding2D(1)(x)
    return layers.Conv2D(filters, 3, 2, activation="relu")(x)


def head(x, boxes, numbers):
    x = layers.Conv2D(boxes * numbers, 3, padding="same")(x)
    return layers.Reshape((-1, numbers))(x)


def build_model(classes=91, width=64, boxes=(4, 6, 6, 6, 4, 4), size=300):
    """Build the model; with these defaults it has 35,641,826 parameters.

    image: f32[N, 300, 300, 3] -> scores: f32[N, 8732, 91], deltas: f32[N, 8732, 4]
    """
    image = keras.Input((size, size, 3), name="image")
    conv4 = stage(image, width, 2)
    conv4 = stage(conv4, 2 * width, 2)
    conv4 = stage(conv4, 4 * width, 3)
    conv4 = convolutions(conv4, 8 * width, 3)
    fc7 = layers.MaxPooling2D()(conv4)
    fc7 = convolutions(fc7, 8 * width, 3)
    fc7 = layers.MaxPooling2D(3, 1, padding="same")(fc7)
    fc7 = conv(fc7, 16 * width, 3, dilation=6)
    fc7 = conv(fc7, 16 * width)
    conv8 = halved(fc7, 8 * width)
    conv9 = halved(conv8, 4 * width)
    conv10 = conv(conv9, 2 * width)
    conv10 = conv(conv10, 4 * width, 3, padding="valid")
    conv11 = conv(conv10, 2 * width)
    conv11 = conv(conv11, 4 * width, 3, padding="valid")
    x = layers.UnitNormalization()(conv4)
    y = Weight((8 * width,), keras.initializers.Constant(20))(image)
    scaled = x * y
    maps = [scaled, fc7, conv8, conv9, conv10, conv11]
    scores = [head(maps[i], boxes[i], classes) for i in range(6)]
    scores = layers.Concatenate(axis=1)(scores)
    deltas = [head(maps[i], boxes[i], 4) for i in range(6)]
    deltas = layers.Concatenate(axis=1)(deltas)
    return keras.Model(image, {"scores": scores, "deltas": deltas}, name="ssd300")
