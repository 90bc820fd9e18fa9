"""Keras layers of a user's own."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class Rotary(keras.layers.Layer):
    """Pairs of features turned by angles that grow with the place: no weights."""

    def __init__(self, base: float = 10.0, **options: Any) -> None:
        super().__init__(**options)
        self.base = base

    def call(self, x: Any) -> Any:
        half = x.shape[-1] // 2
        places = ops.cast(ops.arange(ops.shape(x)[1]), x.dtype)[:, None]
        angles = places * ops.power(float(self.base), -ops.arange(half, dtype=x.dtype) / half)
        first, second = x[..., :half], x[..., half:]
        sine, cosine = ops.sin(angles), ops.cos(angles)
        return ops.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


class Gated(keras.layers.Layer):
    """A dense layer within, dropout, and a mean that training counts."""

    def __init__(self, units: int, rate: float = 0.0, momentum: float = 0.9, **options: Any) -> None:
        super().__init__(**options)
        self.inner = keras.layers.Dense(2 * units, name="inner")
        self.dropout = keras.layers.Dropout(rate)
        self.momentum = momentum
        self.units = units

    def build(self, input_shape: Any) -> None:
        self.inner.build(input_shape)
        self.mean = self.add_weight(shape=(self.units,), initializer="zeros", trainable=False, name="mean")
        self.built = True

    def call(self, x: Any, training: bool = False) -> Any:
        y, gate = ops.split(self.inner(self.dropout(x, training=training)), 2, axis=-1)
        y = y * ops.sigmoid(gate)
        if training:
            seen = ops.mean(y, axis=range(len(y.shape) - 1))
            self.mean.assign(self.momentum * self.mean + (1 - self.momentum) * seen)
        return y - ops.stop_gradient(self.mean)  # TensorFlow's variables stop it, JAX's do not


class Pair(keras.layers.Layer):
    """Two tensors in and out, and a name of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(name="pair_of_mine", **options)

    def build(self, first_shape: Any, second_shape: Any) -> None:
        self.scale = self.add_weight(shape=(first_shape[-1],), initializer="ones", name="scale")

    def call(self, first: Any, second: Any) -> tuple[Any, Any]:
        return first * self.scale + second, ops.mean(second, axis=-1)


class Broken(keras.layers.Layer):
    """What cannot be called."""

    def call(self, x: Any) -> Any:
        raise RuntimeError("nothing works here")


class Late(keras.layers.Layer):
    """Of other sizes when it runs than it says."""

    def call(self, x: Any) -> Any:
        return x[:, 1:]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


NO_LAYER = 3
