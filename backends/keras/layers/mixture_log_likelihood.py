"""Owns `MixtureLogLikelihood`: how likely a mixture density makes a target."""

import math

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("netwright")
class MixtureLogLikelihood(layers.Layer):
    """The logarithm of a mixture of normal densities at `y`.

    A mixture density network makes it large: its loss is the mean of the negative
    (Bishop 1994, NCRG/94/004).
    """

    def call(self, y, logits, means, deviations):
        distance = (ops.expand_dims(y, -2) - means) / deviations
        logs = -ops.square(distance) / 2 - ops.log(deviations)
        width = ops.shape(means)[-1]
        densities = ops.sum(logs, axis=-1) - width * math.log(2 * math.pi) / 2
        return ops.logsumexp(ops.log_softmax(logits) + densities, axis=-1)

    def compute_output_shape(self, y_shape, *_):
        return y_shape[:-1]
