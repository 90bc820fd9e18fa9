"""Owns the precision that a program computes in: Keras's dtype policies, under which layers keep their weights in f32
and compute in less, and what follows from them for loops and optimizers. A layer that the spec gives a dtype keeps it;
functions compute in what they get."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.training.precision import POLICIES

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Step


@contextmanager
def layers_compute_in(precision: str) -> Iterator[None]:
    """Keras layers that are made inside have that policy, but for those that are given one."""
    from keras import config

    before = config.dtype_policy()
    config.set_dtype_policy(POLICIES[precision])
    try:
        yield
    finally:
        config.set_dtype_policy(before)


def computed_dtype(dtype: str, precision: str) -> str:
    """Keras's name of the dtype that a layer computes a tensor in, which the spec has in `dtype`."""
    return keras_dtype(precision if dtype == "f32" else dtype)


def scaling_losses(optimizer: Any, precision: str) -> Any:
    """The optimizer, on losses times a scale where gradients might vanish in f16: as Keras has it."""
    from keras.optimizers import LossScaleOptimizer

    scales = precision != "f16" or isinstance(optimizer, LossScaleOptimizer)
    return optimizer if scales else LossScaleOptimizer(optimizer)


def settled(step: Step, carried: Sequence[Any], sequences: Sequence[Any]) -> tuple[Step, Sequence[Any], Sequence[Any]]:
    """A loop's step and first tensors in the dtypes that a step gives, and what it keeps of one. The step that is
    traced to learn them computes nothing that is read, so no program has it."""
    from keras import ops

    made, kept = step(carried, [each[0] for each in sequences])

    def same(tensors: Sequence[Any]) -> Sequence[Any]:
        return [ops.cast(each, like.dtype) for each, like in zip(tensors, made, strict=True)]

    def settled_step(before: Sequence[Any], given: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        after, keep = step(before, given)
        return same(after), [ops.cast(each, like.dtype) for each, like in zip(keep, kept, strict=True)]

    return settled_step, same(carried), kept
