"""Owns the forms for TensorFlow on the CPU: dropout and batch normalization.

Keras's dropout draws Philox numbers, which TensorFlow's XLA compiles for the CPU into a program that takes some fifty
times as long as the kernel that it has without XLA. Here they are hashes of entries' places, as fast as that kernel
either way. Batch normalization in training is one kernel of TensorFlow's, for Keras's several; XLA takes it apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import layers

from netwright.backends.xla.varied import given_noise_shape


class _Dropout:
    """With a generator that moves on at each call as Keras's does, which gives the same again for the same state. What
    is dropped is equal to Keras's in distribution alone."""

    def call(self: Any, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate in (0, 1):
            return super().call(inputs, training)  # type: ignore[misc]
        return self.dropped(inputs, self.rate)

    def dropped(self: Any, inputs: Any, rate: Any) -> Any:
        """The inputs with this share of them dropped; the rate may be a tensor."""
        drawn = uniform(self._get_noise_shape(inputs), self.seed_generator.next())
        return tf.where(drawn >= tf.cast(rate, drawn.dtype), inputs / (1 - rate), 0)


class Dropout(_Dropout, layers.Dropout):
    def _get_noise_shape(self, inputs: Any) -> Any:
        return given_noise_shape(self, inputs)


class SpatialDropout1D(_Dropout, layers.SpatialDropout1D):
    pass


class SpatialDropout2D(_Dropout, layers.SpatialDropout2D):
    pass


class SpatialDropout3D(_Dropout, layers.SpatialDropout3D):
    pass


def uniform(shape: Sequence[Any], seed: Any) -> Any:
    """Numbers from 0 up to 1, multiples of 2⁻²⁴. seed: two integers; each pair has numbers of its own."""
    first, second = tf.unstack(tf.cast(seed, tf.uint32))
    key = _mixed(_mixed(first) + second)
    places = tf.cast(tf.range(tf.reduce_prod(shape)), tf.uint32)
    bits = _mixed(tf.bitwise.bitwise_xor(_mixed(places + _mixed(key + _word(1))), key))
    return tf.reshape(tf.cast(tf.cast(_shifted(bits, 8), tf.int32), tf.float32) * 2.0**-24, shape)


def _mixed(bits: Any) -> Any:
    """lowbias32, a bijection in which each bit that is turned turns every other in half of all cases (Wellons 2018,
    github.com/skeeto/hash-prospector)."""
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B), (16, 1)):
        bits = tf.bitwise.bitwise_xor(bits, _shifted(bits, shift)) * _word(factor)
    return bits


def _shifted(bits: Any, count: int) -> Any:
    return tf.bitwise.right_shift(bits, _word(count))


def _word(value: int) -> Any:
    return tf.constant(value, tf.uint32)


class BatchNormalization(layers.BatchNormalization):
    """Of the last axis, without masks and renormalization; in inference it is Keras's."""

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if not training or mask is not None or not self._is_covered(inputs):
            return super().call(inputs, training, mask)
        rows = tf.reshape(inputs, (1, 1, -1, inputs.shape[-1]))
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=rows,
            scale=tf.ones_like(self.moving_mean.value) if self.gamma is None else tf.convert_to_tensor(self.gamma),
            offset=tf.zeros_like(self.moving_mean.value) if self.beta is None else tf.convert_to_tensor(self.beta),
            mean=(),
            variance=(),
            epsilon=self.epsilon,
        )
        count = tf.cast(tf.shape(rows)[2], tf.float32)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance * (count - 1) / count)  # the kernel divides by count - 1
        return tf.reshape(outputs, tf.shape(inputs))

    def _is_covered(self, inputs: Any) -> bool:
        plain = self.trainable and not self.renorm and not self.synchronized
        return plain and self.axis in (-1, len(inputs.shape) - 1) and inputs.dtype == tf.float32

    def _move(self, statistic: Any, found: Any) -> None:
        statistic.assign(statistic * self.momentum + found * (1 - self.momentum))


FORMS = {
    f"layers.{form.__name__}": form
    for form in (Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D, BatchNormalization)
}
