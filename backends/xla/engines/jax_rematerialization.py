"""Owns functions on JAX that the backward pass computes again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

Arrays = Sequence[Any]


def computed_again(function: Callable[..., Arrays]) -> Callable[..., Arrays]:
    """See `Engine.computed_again`. What `jax.checkpoint` computes again XLA may schedule before the backward pass, on
    the CPU at least, and nothing would be saved."""

    @jax.custom_vjp
    def computed(*taken: Any) -> Arrays:
        return list(function(*taken))

    def forward(*taken: Any) -> tuple[Arrays, Arrays]:
        return list(function(*taken)), taken

    def backward(taken: Arrays, gradients: Arrays) -> Arrays:
        _, pull = jax.vjp(lambda *again: list(function(*again)), *_after(gradients, taken))
        return pull(gradients)  # type: ignore[no-any-return]

    computed.defvjp(forward, backward)
    return computed  # type: ignore[no-any-return]


def _after(gradients: Arrays, tensors: Arrays) -> Arrays:
    """The tensors, to be had when the first gradient is: XLA does not know that 0 times a number is 0."""
    nothing = jnp.ravel(next(each for each in gradients if jnp.issubdtype(each.dtype, jnp.floating)))[0] * 0
    return [each if each.dtype == bool else each + nothing.astype(each.dtype) for each in tensors]
