"""Owns loops on TensorFlow whose gradients XLA compiles: it must know how many steps there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from netwright.backends.xla.engines.engine import Step

Arrays = Sequence[Any]


def scan(step: Step, carried: Arrays, sequences: Arrays, keep: int) -> tuple[Arrays, Arrays]:
    """See `Engine.scan`."""
    count = sequences[0].shape[0]
    buffers = [tf.TensorArray(each.dtype, count, element_shape=each.shape) for each in carried[:keep]]

    def body(index: Any, before: Arrays, kept: Arrays) -> tuple[Any, Arrays, Arrays]:
        after = tuple(step(before, [sequence[index] for sequence in sequences]))
        return index + 1, after, tuple(each.write(index, item) for each, item in zip(kept, after, strict=False))

    _, last, kept = tf.while_loop(
        lambda index, *_: index < count,
        body,
        (tf.constant(0), tuple(carried), tuple(buffers)),
        maximum_iterations=count,
    )
    return last, [each.stack() for each in kept]
