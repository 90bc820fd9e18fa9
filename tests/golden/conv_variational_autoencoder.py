"""conv_variational_autoencoder: Convolutions to a code of two normal variables and
back, so that the codes of all digits fit on a page.

Chollet 2020, keras.io/examples/generative/vae (encoder 69,076 and decoder 65,089
parameters)
Written by Netwright 0.1.0 from conv_variational_autoencoder.yaml; depends on Keras
alone.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class Draw(layers.Lambda):
    """A function of a tensor, or of a list of them, and of a seed: another each time.

    Keras computes at once what depends on no input, so random numbers would be the
    same for ever; and a seed must belong to a layer to move on in a compiled step.
    """

    compute_output_shape = (
        layers.Layer.compute_output_shape
    )  # by tracing, dtype and all

    def __init__(self, function, seed=None, rearranges=False, **kwargs):
        super().__init__(function, autocast=False, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.rearranges = rearranges

    def call(self, inputs):
        return self.function(inputs, self.seed_generator, **self.arguments)

    def compute_output_spec(self, inputs):
        if self.rearranges:  # what JAX does not trace where sizes are open
            return keras.KerasTensor(inputs.shape, inputs.dtype)
        return super().compute_output_spec(inputs)

    def get_config(self):
        config = {"seed": self.seed, "rearranges": self.rearranges}
        return {**super().get_config(), **config}


@keras.saving.register_keras_serializable("conv_variational_autoencoder")
def normal_at_run_time(mean, seed):
    return keras.random.normal(ops.shape(mean), seed=seed)


def drawn(mean, log_variance, temperature=1.0):
    x = Draw(normal_at_run_time)(mean)
    return mean + temperature * ops.exp(log_variance / 2) * x


def divergence(mean, log_variance, pixels):
    x = mean**2 + ops.exp(log_variance) - log_variance - 1
    return ops.sum(x, axis=-1) / (2 * pixels)


def encoder(x, width, hidden, code):
    x = layers.Conv2D(width, 3, 2, padding="same", activation="relu")(x)
    x = layers.Conv2D(2 * width, 3, 2, padding="same", activation="relu")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(hidden, activation="relu")(x)
    branch_1 = layers.Dense(code)(x)
    branch_2 = layers.Dense(code)(x)
    return branch_1, branch_2


def decoder(x, width):
    x = layers.Dense(7 * 7 * 2 * width, activation="relu")(x)
    x = layers.Reshape((7, 7, 2 * width))(x)
    x = layers.Conv2DTranspose(2 * width, 3, 2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(width, 3, 2, padding="same", activation="relu")(x)
    return layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x)


def build_model(width=32, hidden=16, code=2, temperature=1.0):
    """Build the model; with these defaults it has 134,165 parameters.

    image: f32[N, 28, 28, 1] -> reconstruction: f32[N, 28, 28, 1], divergence: f32[N]
    """
    image = keras.Input((28, 28, 1), name="image")
    x = layers.Rescaling(1 / 255)(image)
    mean, log_variance = encoder(x, width=width, hidden=hidden, code=code)
    divergence_ = divergence(mean, log_variance, 28 * 28)
    reconstruction = drawn(mean, log_variance, temperature)
    reconstruction = decoder(reconstruction, width=width)
    return keras.Model(
        image,
        {"reconstruction": reconstruction, "divergence": divergence_},
        name="conv_variational_autoencoder",
    )
