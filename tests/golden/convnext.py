"""convnext: A convolutional net for the 2020s, with the design of Swin Transformers.

Liu et al. 2022, arXiv:2201.03545 (counts as in torchvision and keras.applications)
Written by Netwright 0.1.0 from convnext.yaml; depends on Keras alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class LayerScale(layers.Layer):
    """Multiplies each entry of `axis` by a learnt factor, at first `init_values`.

    It stands at the end of a residual branch, which so begins near the identity
    (Touvron et al. 2021, arXiv:2103.17239).
    """

    def __init__(
        self,
        init_values=1e-5,
        axis=-1,
        gamma_regularizer=None,
        gamma_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.init_values = init_values
        self.axis = axis
        self.gamma_regularizer = keras.regularizers.get(gamma_regularizer)
        self.gamma_constraint = keras.constraints.get(gamma_constraint)
        self.supports_masking = True

    def build(self, input_shape):
        self.gamma = self.add_weight(
            name="gamma",
            shape=(input_shape[self.axis],),
            initializer=keras.initializers.Constant(self.init_values),
            regularizer=self.gamma_regularizer,
            constraint=self.gamma_constraint,
        )

    def call(self, x):
        shape = [1] * len(x.shape)
        shape[self.axis] = -1
        return x * ops.reshape(self.gamma, shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            "init_values": self.init_values,
            "axis": self.axis,
            "gamma_regularizer": keras.regularizers.serialize(self.gamma_regularizer),
            "gamma_constraint": keras.constraints.serialize(self.gamma_constraint),
        }
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("netwright")
class StochasticDepth(layers.Layer):
    """In training drops all of an example, or of a batch, and scales what is kept.

    It stands at the end of a residual branch; `mode` is "row" or "batch" (Huang et al.
    2016, arXiv:1603.09382, scaled as dropout is).
    """

    def __init__(self, rate, mode="row", seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.mode = mode
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, x, training=False):
        if not training or self.rate == 0:
            return x
        return self.dropped(x, self.rate)

    def dropped(self, x, rate):
        decisions = [1] * len(x.shape)
        if self.mode == "row":
            decisions[0] = ops.shape(x)[0]
        drawn = keras.random.uniform(decisions, seed=self.seed_generator)
        return ops.where(drawn >= rate, x / (1 - rate), 0)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"rate": self.rate, "mode": self.mode, "seed": self.seed}
        return {**super().get_config(), **config}


def norm(x):
    return layers.LayerNormalization(epsilon=1e-6)(x)


def block(x, drop):
    C = x.shape[-1]
    y = layers.DepthwiseConv2D(7, padding="same")(x)
    y = norm(y)
    y = layers.Dense(4 * C, activation="gelu")(y)
    y = layers.Dense(C)(y)
    z = LayerScale(1e-6)(y)
    z = StochasticDepth(drop)(z)
    return x + z


def stage(x, i, depths, drop):
    for _ in range(depths[i]):
        x = block(x, drop * i / (len(depths) - 1))
    return x


def downsample(x):
    C = x.shape[-1]
    x = norm(x)
    return layers.Conv2D(2 * C, 2, 2)(x)


def build_model(classes=1000, width=96, depths=(3, 3, 9, 3), drop=0.1, size=224):
    """Build the model; with these defaults it has 28,589,128 parameters.

    image: f32[N, 224, 224, 3] -> output: f32[N, 1000]
    """
    image = keras.Input((size, size, 3), name="image")
    x = layers.Conv2D(width, 4, 4)(image)
    x = norm(x)
    x = stage(x, 0, depths=depths, drop=drop)
    for i in range(1, len(depths)):
        x = downsample(x)
        x = stage(x, i, depths=depths, drop=drop)
    x = layers.GlobalAveragePooling2D()(x)
    x = norm(x)
    x = layers.Dense(classes, activation="softmax")(x)
    return keras.Model(image, x, name="convnext")
