"""Owns the forms of activations for JAX on the CPU. For the gradient JAX keeps whatever an activation computed on its
way, three arrays of floats for GELU's one; in a loop those of all its rounds are stacked. Here what the activation was
given is kept, and the backward pass computes the rest again. Outside of loops both are the same to XLA."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax

from netwright.backends.keras.objects import keras_callable

#: those that were measured to be faster in loops; of the others JAX keeps no more than one array, or they are not
_NAMES = "celu elu gelu hard_silu mish silu softsign squareplus tanh_shrink".split()


def _keeping_its_input(function: Callable[..., Any]) -> Callable[..., Any]:
    def computed(x: Any, **arguments: Any) -> Any:
        return jax.checkpoint(partial(function, **arguments), prevent_cse=False)(x)

    return computed


FORMS = {name: _keeping_its_input(keras_callable(name)) for name in map("activations.{}".format, _NAMES)}
