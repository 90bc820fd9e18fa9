"""Owns loops on TensorFlow whose gradients are compiled too: XLA must know how many steps there are; and functions that
the backward pass computes again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from netwright.backends.xla.engines.engine import Step

Arrays = Sequence[Any]


def scan(step: Step, carried: Arrays, sequences: Arrays, like: Arrays, count: int) -> tuple[Arrays, Arrays]:
    """See `Engine.scan`. Sequences are read as lists of tensors, whose gradients are such lists: were they sliced,
    every step's gradient would be as large as the whole sequence."""
    entries = [
        tf.TensorArray(each.dtype, count, clear_after_read=False, element_shape=each.shape[1:]).unstack(each)
        for each in sequences
    ]
    buffers = [tf.TensorArray(each.dtype, count, element_shape=each.shape) for each in like]

    def body(index: Any, before: Arrays, kept: Arrays) -> tuple[Any, Arrays, Arrays]:
        after, keep = step(before, [each.read(index) for each in entries])
        pairs = zip(kept, keep, strict=True)
        return index + 1, tuple(after), tuple(each.write(index, tf.cast(item, each.dtype)) for each, item in pairs)

    _, last, kept = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0), tuple(carried), tuple(buffers)),
        maximum_iterations=count,
    )
    return last, [each.stack() for each in kept]


def computed_again(function: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """See `Engine.computed_again`. TensorFlow's own `recompute_grad` takes neither booleans nor seeds."""

    @tf.custom_gradient
    def computed(*taken: Any) -> tuple[Arrays, Callable[..., Arrays]]:
        made = list(function(*taken))

        def backward(*gradients: Any) -> Arrays:
            floats, given = _floats(taken), _floats(made)
            again = _after(gradients[given[0]], taken)
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([again[index] for index in floats])
                remade = function(*again)
            found = tape.gradient(
                [remade[index] for index in given],
                [again[index] for index in floats],
                [gradients[index] for index in given],
            )
            moved = dict(zip(floats, found, strict=True))
            return [moved.get(index) for index in range(len(taken))]

        return made, backward

    return computed  # type: ignore[no-any-return]


def _floats(tensors: Arrays) -> list[int]:
    """Where those stand that have gradients."""
    return [index for index, each in enumerate(tensors) if each.dtype.is_floating]


def _after(gradient: Any, tensors: Arrays) -> Arrays:
    """The tensors, to be had when the gradient is: or the compiler would find what is computed of them computed
    already, and keep that. XLA heeds no control dependencies, and does not know that 0 times a number is 0."""
    nothing = tf.reshape(gradient, [-1])[0] * 0
    return [each if each.dtype.is_bool else each + tf.cast(nothing, each.dtype) for each in tensors]
