"""Owns `MixtureDensity`: the parameters of a mixture of normal densities."""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class MixtureDensity(layers.Layer):
    """Gives logits, means and deviations of `num_mixtures` normal densities.

    Each is over `output_dim` values; softmax of the logits weighs them (Bishop 1994,
    NCRG/94/004).
    """

    def __init__(
        self,
        num_mixtures,
        output_dim=1,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.num_mixtures = num_mixtures
        self.output_dim = output_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)

    def build(self, input_shape):
        units = self.num_mixtures * (1 + 2 * self.output_dim)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = self.add_weight(
            name="bias",
            shape=(units,),
            initializer=self.bias_initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
        )

    def call(self, x):
        z = ops.matmul(x, self.kernel) + self.bias
        size = self.num_mixtures * self.output_dim
        shape = (*ops.shape(x)[:-1], self.num_mixtures, self.output_dim)
        logits, means, deviations = ops.split(
            z, [self.num_mixtures, self.num_mixtures + size], axis=-1
        )
        means = ops.reshape(means, shape)
        return logits, means, ops.exp(ops.reshape(deviations, shape))

    def compute_output_shape(self, input_shape):
        logits = (*input_shape[:-1], self.num_mixtures)
        means = (*logits, self.output_dim)
        return logits, means, means

    def get_config(self):
        initializers, regularizers = keras.initializers, keras.regularizers
        constraints = keras.constraints
        config = {
            "num_mixtures": self.num_mixtures,
            "output_dim": self.output_dim,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }
        return {**super().get_config(), **config}
