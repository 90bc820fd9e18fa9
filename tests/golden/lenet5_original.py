"""lenet5_original: LeNet-5 as published, with its sparse table of connections, trained
subsampling and fixed codes for the digits.

LeCun, Bottou, Bengio and Haffner 1998, Gradient-based learning applied to document
recognition, section II.B
Written by Netwright 0.1.0 from lenet5_original.yaml; depends on Keras alone.
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


def squash(x):
    return 1.7159 * keras.activations.tanh(2 / 3 * x)


def subsample(x):
    C = x.shape[-1]
    y = layers.AveragePooling2D(2)(x)
    z = Weight((C,), "ones")(x)
    z_1 = Weight((C,), "zeros")(x)
    return squash(4 * y * z + z_1)


def sparse_conv(x, rows):
    items = []
    for row in rows:
        y = layers.Concatenate()([x[..., i : i + 1] for i in row])
        items.append(layers.Conv2D(1, 5)(y))
    return layers.Concatenate()(items)


def distances(x, classes):
    D = x.shape[-1]
    codes = ops.outer(ops.arange(1, classes + 1, dtype="float32"), ops.arange(1, D + 1))
    codes = ops.sign(ops.sin(codes))
    return ops.sum(ops.square(ops.expand_dims(x, 1) - codes), axis=-1)


def build_model(
    classes=10,
    connections=(
        (0, 1, 2),
        (1, 2, 3),
        (2, 3, 4),
        (3, 4, 5),
        (0, 4, 5),
        (0, 1, 5),
        (0, 1, 2, 3),
        (1, 2, 3, 4),
        (2, 3, 4, 5),
        (0, 3, 4, 5),
        (0, 1, 4, 5),
        (0, 1, 2, 5),
        (0, 1, 3, 4),
        (1, 2, 4, 5),
        (0, 2, 3, 5),
        (0, 1, 2, 3, 4, 5),
    ),
):
    """Build the model; with these defaults it has 60,000 parameters.

    image: f32[N, 32, 32, 1] -> output: f32[N, 10]
    """
    image = keras.Input((32, 32, 1), name="image")
    x = layers.Conv2D(6, 5)(image)
    x = squash(x)
    x = subsample(x)
    x = sparse_conv(x, connections)
    x = squash(x)
    x = subsample(x)
    x = layers.Conv2D(120, 5)(x)
    x = squash(x)
    x = layers.Flatten()(x)
    x = layers.Dense(84)(x)
    x = squash(x)
    x = distances(x, classes=classes)
    return keras.Model(image, ops.negative(x), name="lenet5_original")
