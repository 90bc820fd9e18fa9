"""Owns loops on TensorFlow whose gradients are compiled too: XLA must know how many steps there are."""

from __future__ import annotations

from collections.abc import Sequence
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
