"""Owns the first values of weights: what Keras's initializers say, drawn by NumPy. Nothing is compiled for them, and
both engines begin with the same."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import initializers

Array = np.ndarray[Any, Any]
Shape = tuple[int, ...]
#: the standard deviation of a standard normal distribution that is cut off at -2 and 2
_CUT = 0.87962566103423978


def first_value(initializer: Any, shape: Shape, dtype: str, seed: int | None) -> Array:
    """What an initializer of Keras's fills a weight with. One that draws takes the seed; without a seed, and of
    initializers not known here, the value is Keras's own."""
    if seed is None:
        return _of_keras(initializer, shape, dtype)
    rng = np.random.default_rng(seed)
    value: Array
    drawn = np.float64 if dtype == "float64" else np.float32
    match initializer:
        case initializers.Zeros():
            return np.zeros(shape, dtype)
        case initializers.Ones():
            return np.ones(shape, dtype)
        case initializers.RandomUniform(minval=low, maxval=high):
            value = low + (high - low) * rng.random(shape, drawn)
        case initializers.RandomNormal(mean=mean, stddev=stddev):
            value = mean + stddev * rng.standard_normal(shape, drawn)
        case initializers.TruncatedNormal(mean=mean, stddev=stddev):
            value = mean + stddev * _cut_normal(rng, shape, drawn)
        case initializers.VarianceScaling(distribution=distribution):
            value = math.sqrt(_variance(initializer, shape)) * _of_variance_1(distribution, rng, shape, drawn)
        case initializers.Orthogonal(gain=gain):
            value = gain * _orthogonal(rng, shape, drawn)
        case _:
            return _of_keras(initializer, shape, dtype)
    return value.astype(dtype, copy=False)


def _of_keras(initializer: Any, shape: Shape, dtype: str) -> Array:
    return keras.ops.convert_to_numpy(initializer(shape, dtype=dtype))  # type: ignore[no-any-return]


def _cut_normal(rng: np.random.Generator, shape: Shape, dtype: Any) -> Array:
    """Standard normal numbers, drawn again where they are beyond -2 and 2."""
    value = rng.standard_normal(math.prod(shape), dtype)
    beyond = np.flatnonzero(np.abs(value) > 2)
    while beyond.size:
        value[beyond] = rng.standard_normal(beyond.size, dtype)
        beyond = beyond[np.abs(value[beyond]) > 2]
    return value.reshape(shape)


def _variance(initializer: Any, shape: Shape) -> float:
    """scale / n, where n is the weight's number of inputs, of outputs, or their mean."""
    fan_in, fan_out = _fans(shape, initializer.input_axes, initializer.output_axes)
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    return float(initializer.scale / max(1.0, fans[initializer.mode]))


def _fans(shape: Shape, input_axes: Shape | None, output_axes: Shape | None) -> tuple[int, int]:
    """The inputs and outputs of a unit: the products of those axes; else the last two, as often as a kernel has
    places."""
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    places = math.prod(shape[:-2])
    return shape[-2] * places, shape[-1] * places


def _of_variance_1(distribution: str, rng: np.random.Generator, shape: Shape, dtype: Any) -> Array:
    match distribution:
        case "uniform":
            return math.sqrt(3) * (2 * rng.random(shape, dtype) - 1)
        case "untruncated_normal":
            return rng.standard_normal(shape, dtype)
        case _:
            return _cut_normal(rng, shape, dtype) / _CUT


def _orthogonal(rng: np.random.Generator, shape: Shape, dtype: Any) -> Array:
    """A matrix with orthonormal rows or columns, whichever are fewer, of all that are equally likely; all axes but the
    last are rows."""
    rows, columns = math.prod(shape[:-1]), shape[-1]
    q, r = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns)), dtype))
    signed: Array = q * np.sign(np.diagonal(r))
    return (signed.T if rows < columns else signed).reshape(shape)
