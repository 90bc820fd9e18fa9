"""yolov1: You only look once, each of 7x7 cells tells two boxes and its class; the
paper's net, and Darknet's later one.

Redmon et al. 2015, arXiv:1506.02640 (yolov1_local counts as in Darknet's
cfg/yolov1.cfg)
Written by Netwright 0.1.0 from yolov1.yaml; depends on Keras alone.
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


def d_conv(x, filters, kernel=3, strides=1, normalize=True):
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


def conv(x, filters, kernel=3, strides=1, *, local):
    return d_conv(x, filters, kernel, strides, normalize=local)


def reduced(x, filters, local):
    x = conv(x, filters // 2, 1, local=local)
    return conv(x, filters, local=local)


def local_conv(x, filters, kernel=3):
    _, H, W, C = x.shape
    patches = ops.image.extract_patches(x, kernel, 1, padding="same")
    x = Weight((H, W, kernel**2 * C, filters), "glorot_uniform")(x)
    y = ops.einsum("nhwc,hwcf->nhwf", patches, x)
    x = Weight((H, W, filters), "zeros")(x)
    return leaky(y + x)


def build_model(
    classes=20,
    boxes=2,
    width=64,
    hidden=4096,
    size=448,
    cells=None,
    local=False,
):
    """Build the model; with these defaults it has 271,703,550 parameters.

    image: f32[N, 448, 448, 3] -> output: f32[N, 7, 7, 30]
    """
    if cells is None:
        cells = size // 64
    image = keras.Input((size, size, 3), name="image")
    x = conv(image, width, 7, 2, local=local)
    x = layers.MaxPooling2D()(x)
    x = conv(x, 3 * width, local=local)
    x = layers.MaxPooling2D()(x)
    x = conv(x, 2 * width, 1, local=local)
    x = conv(x, 4 * width, local=local)
    x = reduced(x, 8 * width, local=local)
    x = layers.MaxPooling2D()(x)
    for _ in range(4):
        x = reduced(x, 8 * width, local=local)
    x = reduced(x, 16 * width, local=local)
    x = layers.MaxPooling2D()(x)
    for _ in range(2):
        x = reduced(x, 16 * width, local=local)
    x = conv(x, 16 * width, local=local)
    x = conv(x, 16 * width, strides=2, local=local)
    for _ in range(2):
        x = conv(x, 16 * width, local=local)
    if local:
        y = local_conv(x, 4 * width)
        y = layers.Flatten()(y)
    else:
        y = layers.Flatten()(x)
        y = layers.Dense(hidden)(y)
        y = leaky(y)
    y = layers.Dropout(0.5)(y)
    y = layers.Dense(cells**2 * (5 * boxes + classes))(y)
    y = layers.Reshape((cells, cells, 5 * boxes + classes))(y)
    return keras.Model(image, y, name="yolov1")
