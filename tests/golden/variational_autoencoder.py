"""variational_autoencoder: Digits through a code of 20 normal variables, from which new
digits can be drawn.

Kingma and Welling 2013, arXiv:1312.6114 (counted as in pytorch/examples/vae,
784-400-20)
Written by Netwright 0.1.0 from variational_autoencoder.yaml; depends on Keras alone.
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


@keras.saving.register_keras_serializable("variational_autoencoder")
def normal_at_run_time(mean, seed):
    return keras.random.normal(ops.shape(mean), seed=seed)


def drawn(mean, log_variance, temperature=1.0):
    x = Draw(normal_at_run_time)(mean)
    return mean + temperature * ops.exp(log_variance / 2) * x


def divergence(mean, log_variance, pixels):
    x = mean**2 + ops.exp(log_variance) - log_variance - 1
    return ops.sum(x, axis=-1) / (2 * pixels)


def build_model(size=28, hidden=400, code=20, temperature=1.0):
    """Build the model; with these defaults it has 652,824 parameters.

    image: f32[N, 28, 28] -> reconstruction: f32[N, 784], divergence: f32[N]
    """
    image = keras.Input((size, size), name="image")
    h = layers.Rescaling(1 / 255)(image)
    h = layers.Flatten()(h)
    h = layers.Dense(hidden, activation="relu")(h)
    mean = layers.Dense(code)(h)
    log_variance = layers.Dense(code)(h)
    divergence_ = divergence(mean, log_variance, size**2)
    reconstruction = drawn(mean, log_variance, temperature)
    reconstruction = layers.Dense(hidden, activation="relu")(reconstruction)
    reconstruction = layers.Dense(size**2, activation="sigmoid")(reconstruction)
    return keras.Model(
        image,
        {"reconstruction": reconstruction, "divergence": divergence_},
        name="variational_autoencoder",
    )
