"""Owns the first values of a program's arrays: each from its own seed, which follows from the run's seed and the
array's path, so adding a layer does not change the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.externs import ExternLeaf
from netwright.backends.xla.layout import Place
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Program
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ops.catalogue import find_configuration
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.ops.op import Joined, Weight, known_size
from netwright.dsl.diagnostics import CompilerBug

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine


def initial_arrays(program: Program, seed: int, loaded: Mapping[str, Any] = MappingProxyType({})) -> Arrays:
    """Weights and state by path, as the backend's tensors: those `loaded`, and first values for the rest."""
    given = {**_of_externs(program, seed), **loaded}
    filling = _Filling(program.engine)
    return {
        place.path: given[place.path] if place.path in given else _initial(filling, place, seed)
        for place in program.places
    }


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


def _initial(filling: _Filling, place: Place, seed: int) -> Any:
    import keras

    own_seed = derived_seed(seed, place.path)
    weight, variable = place.slot.weight, place.slot.variable
    if weight is not None:
        return filling.value(weight, own_seed)
    if variable.name == "seed_generator_state" and getattr(place.site.node.op, "seed", None) is None:
        return keras.ops.convert_to_tensor([own_seed, 0], dtype=variable.dtype)
    return keras.ops.convert_to_tensor(variable)


def derived_seed(seed: int, path: str) -> int:
    """A seed of its own for each path: 31 bits, which every backend's seed holds."""
    return int.from_bytes(blake2b(f"{seed}:{path}".encode(), digest_size=4).digest()) & 0x7FFFFFFF


class _Filling:
    """First values by initializers: each is a function of the seed for each shape and dtype, which is compiled once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._made: dict[tuple[Configuration, tuple[int, ...], str], Callable[[int], Any]] = {}

    def value(self, weight: Weight, seed: int) -> Any:
        """The weight's first value; a seed that the spec gives the initializer is kept."""
        shape = tuple(known_size(dim, "the size of a weight") for dim in weight.shape)
        return self._filled(weight.initializer, shape, keras_dtype(weight.dtype), seed)

    def _filled(self, initializer: Any, shape: tuple[int, ...], dtype: str, seed: int) -> Any:
        import keras

        if isinstance(initializer, Joined):
            seeds = (derived_seed(seed, str(number)) for number in range(len(initializer.parts)))
            parts = zip(initializer.parts, seeds, strict=True)
            filled = [self._filled(part, (*shape[:-1], size), dtype, own) for (size, part), own in parts]
            return keras.ops.concatenate(filled, axis=-1)
        key = _configuration(initializer), shape, dtype
        if key not in self._made:
            self._made[key] = self._made_for(*key)
        return self._made[key](seed)

    def _made_for(self, configuration: Configuration, shape: tuple[int, ...], dtype: str) -> Callable[[int], Any]:
        """The function of the seed; an initializer that has a seed of its own, or draws nothing, does without it."""
        import keras
        import numpy as np

        generator = keras.random.SeedGenerator(0)
        initializer = keras_object(configuration, **({"seed": generator} if _draws(configuration) else {}))

        def filled(state: Any) -> Any:
            with keras.StatelessScope([(generator.state, state)]):
                return initializer(shape, dtype=dtype)

        often = self._engine.often(filled)
        return lambda seed: often(np.array([seed, 0], generator.state.dtype))


def _draws(configuration: Configuration) -> bool:
    """Whether it has no seed of its own, but takes one."""
    return "seed" in type(configuration).attributes() and getattr(configuration, "seed", None) is None


def _configuration(initializer: Any) -> Configuration:
    if isinstance(initializer, Configuration):
        return initializer
    found = find_configuration(initializer, "initializers") if isinstance(initializer, str) else None
    if found is None:
        raise CompilerBug(f"no initializer is called {initializer!r}")
    return found({})
