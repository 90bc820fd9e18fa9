"""rbm: A restricted Boltzmann machine over digits; it learns to find them likelier than
its own daydreams.

Hinton 2002, Training products of experts by minimizing contrastive divergence;
Smolensky 1986
Written by Netwright 0.1.0 from rbm.yaml; depends on Keras alone.
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


@keras.saving.register_keras_serializable("netwright")
class Step(layers.Layer):
    """Gives `high` from `threshold` on, `low` below it.

    It passes no gradient, or with `straight_through` its own as if it were the identity
    (McCulloch & Pitts 1943; Bengio et al. 2013, arXiv:1308.3432).
    """

    def __init__(
        self, threshold=0.0, low=0.0, high=1.0, straight_through=False, **kwargs
    ):
        super().__init__(**kwargs)
        self.threshold = threshold
        self.low = low
        self.high = high
        self.straight_through = straight_through
        self.supports_masking = True

    def call(self, x):
        y = ops.cast(ops.where(x >= self.threshold, self.high, self.low), x.dtype)
        return y + (x - ops.stop_gradient(x)) if self.straight_through else y

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {"threshold": self.threshold, "low": self.low, "high": self.high}
        config["straight_through"] = self.straight_through
        return {**super().get_config(), **config}


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


@keras.saving.register_keras_serializable("rbm")
def uniform_at_run_time(p, seed):
    return keras.random.uniform(ops.shape(p), seed=seed)


def drawn(p, sampled):
    if sampled:
        x = Draw(uniform_at_run_time)(p)
        return Step()(p - x)
    return p


def daydream(v, w, a, b, sampled):
    h = drawn(keras.activations.sigmoid(v @ w + b), sampled=sampled)
    x = keras.activations.sigmoid(h @ ops.transpose(w) + a)
    x = drawn(x, sampled=sampled)
    return x, w, a, b


def energy(v, w, a, b):
    x = ops.sum(keras.activations.softplus(v @ w + b), axis=-1)
    return -v @ a - x


def build_model(size=28, hidden=500, steps=1, sampled=True):
    """Build the model; with these defaults it has 393,284 parameters.

    image: f32[N, 28, 28] -> features: f32[N, 500], cost: f32[N]
    """
    image = keras.Input((size, size), name="image")
    w = Weight((size**2, hidden), keras.initializers.RandomNormal(stddev=0.01))(image)
    a = Weight((size**2,), "zeros")(image)
    b = Weight((hidden,), "zeros")(image)
    v = layers.Rescaling(1 / 255)(image)
    v = layers.Flatten()(v)
    features = keras.activations.sigmoid(v @ w + b)
    dream = v
    x = w
    y = a
    z = b
    for _ in range(steps):
        dream, x, y, z = daydream(dream, x, y, z, sampled=sampled)
    dreamt = ops.stop_gradient(dream)
    z_1 = energy(v, w, a, b)
    z_2 = energy(dreamt, w, a, b)
    gap = z_1 - z_2
    error = ops.mean((v - dreamt) ** 2, axis=-1)
    cost = ops.stop_gradient(error - gap) + gap
    return keras.Model(image, {"features": features, "cost": cost}, name="rbm")
