"""Owns the first values of a program's arrays: each from its own seed, which follows from the run's seed and the
array's path, so adding a layer does not change the others."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.externs import ExternLeaf
from netwright.backends.xla.layout import Place
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Program
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ops.catalogue import find_configuration
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.ops.op import Joined, known_size
from netwright.dsl.diagnostics import CompilerBug

if TYPE_CHECKING:
    from netwright.backends.xla.initializers import Array


def initial_arrays(program: Program, seed: int, loaded: Mapping[str, Any] = MappingProxyType({})) -> Arrays:
    """Weights and state by path, in NumPy: those `loaded`, and first values for the rest."""
    given = {**_of_externs(program, seed), **loaded}
    return {place.path: given[place.path] if place.path in given else _initial(place, seed) for place in program.places}


def _of_externs(program: Program, seed: int) -> Arrays:
    """What layers of the user's own begin with: as their classes fill them, each from its own seed."""
    sites = dict.fromkeys(place.site for place in program.places)
    leaves = ((site, program.leaf(site.node)) for site in sites)
    return {
        f"{site.path}/{name}": array
        for site, leaf in leaves
        if isinstance(leaf, ExternLeaf)
        for name, array in leaf.first_values(derived_seed(seed, site.path)).items()
    }


def _initial(place: Place, seed: int) -> Array:
    import keras

    own_seed = derived_seed(seed, place.path)
    weight, variable = place.slot.weight, place.slot.variable
    if weight is not None:
        shape = tuple(known_size(dim, "the size of a weight") for dim in weight.shape)
        return _filled(weight.initializer, shape, keras_dtype(weight.dtype), own_seed)
    if variable.name == "seed_generator_state" and getattr(place.site.node.op, "seed", None) is None:
        return np.array([own_seed, 0], variable.dtype)
    return keras.ops.convert_to_numpy(variable)  # type: ignore[no-any-return]


def _filled(initializer: Any, shape: tuple[int, ...], dtype: str, seed: int) -> Array:
    """A weight's first value; a seed that the spec gives the initializer is kept."""
    from netwright.backends.xla.initializers import first_value

    if isinstance(initializer, Joined):
        seeds = (derived_seed(seed, str(number)) for number in range(len(initializer.parts)))
        parts = zip(initializer.parts, seeds, strict=True)
        return np.concatenate([_filled(part, (*shape[:-1], size), dtype, own) for (size, part), own in parts], axis=-1)
    configuration = _configuration(initializer)
    has_own = getattr(configuration, "seed", None) is not None
    return first_value(keras_object(configuration), shape, dtype, None if has_own else seed)


def derived_seed(seed: int, path: str) -> int:
    """A seed of its own for each path: 31 bits, which every backend's seed holds."""
    return int.from_bytes(blake2b(f"{seed}:{path}".encode(), digest_size=4).digest()) & 0x7FFFFFFF


def _configuration(initializer: Any) -> Configuration:
    if isinstance(initializer, Configuration):
        return initializer
    found = find_configuration(initializer, "initializers") if isinstance(initializer, str) else None
    if found is None:
        raise CompilerBug(f"no initializer is called {initializer!r}")
    return found({})
