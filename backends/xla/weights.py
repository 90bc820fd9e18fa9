"""Owns the exchange of weights with the emitted Keras model: which Keras variable is which array of a program, and the
`.weights.h5` files that the emitted model reads and writes.

Keras numbers the layers of a class as they are created (dense, dense_1, ...), and the emitted code creates them in the
order of the spec; so within a class the n-th layer is the n-th operator. Layers that the spec names go by name."""

from __future__ import annotations

import os
import re
import warnings
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from netwright.backends.keras.layer_names import LayerNames
from netwright.backends.keras.objects import keras_callable
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.externs import ExternLeaf
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.program import Program
from netwright.backends.xla.sites import Site, in_order_of_creation
from netwright.backends.xla.slots import match_weights
from netwright.dsl.diagnostics import CompilerBug

#: bytes that HDF5 takes beside those of an array, or of a file, at most
_OVERHEAD = 8192


def load_weights(program: Program, path: Path) -> Arrays:
    """The arrays of a `.weights.h5` that the emitted model saved, by path. Raises ExecutionError if the file cannot be
    read or is of another model."""
    model, variables = _emitted(program)
    name = program.model.name
    try:
        _check_size(path, program)
        _load_strictly(model, variables, path)
    except (ValueError, OSError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[0]
        help = f"expected a .weights.h5 that the emitted model of {name} saved, with the same params"
        raise ExecutionError(f"{path}: these weights do not fit {name}: {reason}", help=help) from error
    return {place: variable.numpy() for place, variable in variables.items()}


def _check_size(path: Path, program: Program) -> None:
    """Refuse a file with more or fewer numbers than the model: Keras would ignore the rest, or leave what it lacks. A
    model that was trained saves its optimizer beside its layers, and the states of random generators: no parameters."""
    import h5py

    sizes: list[int] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name and not name.startswith("optimizer/"):
            sizes.append(item.size)

    with h5py.File(path) as file:
        file.visititems(visit)
    found, expected = sum(sizes), program.model.params.total
    if found != expected:
        raise ValueError(f"the file holds {found:,} parameters, the model has {expected:,}")


def _unset(variable: Any) -> Any:
    """A number that no trained weight is throughout."""
    import numpy as np

    number = -(2**31) if "int" in variable.dtype else -1.2345e33
    return np.full(variable.shape, number).astype(variable.dtype)


def _load_strictly(model: Any, variables: Mapping[str, Any], path: Path) -> None:
    """Load the file, and refuse one in which Keras did not find every variable: it only warns."""
    import numpy as np

    for variable in variables.values():
        variable.assign(_unset(variable))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.load_weights(path)
    for place, variable in variables.items():
        if variable.shape and np.all(variable.numpy() == _unset(variable)):
            raise ValueError(f"the file has no values for {place}")


def save_weights(program: Program, arrays: Mapping[str, Any], path: Path) -> None:
    """Write a `.weights.h5` that the emitted model loads. Raises OSError if there is no room for it."""
    _reserve(path, arrays)
    _emitted_with(program, arrays).save_weights(path)


def save_model(program: Program, arrays: Mapping[str, Any], path: Path) -> None:
    """Write a `.keras` file: the emitted model and its weights, which Keras alone loads. Raises OSError if there is no
    room for it."""
    _reserve(path, arrays)
    _emitted_with(program, arrays).save(path)


def _reserve(path: Path, arrays: Mapping[str, Any]) -> None:
    """Ask the system for as much room as the file takes, where it can be asked: HDF5 brings the whole process down when
    it cannot write."""
    import numpy as np

    size = sum(np.asarray(array).nbytes for array in arrays.values()) + _OVERHEAD * (len(arrays) + 1)
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)


def _emitted_with(program: Program, arrays: Mapping[str, Any]) -> Any:
    model, variables = _emitted(program)
    for place, variable in variables.items():
        variable.assign(arrays[place])
    return model


#: a training run saves again and again: the emitted model is kept as long as the program is
_BUILT: WeakKeyDictionary[Program, tuple[Any, dict[str, Any]]] = WeakKeyDictionary()


def _emitted(program: Program) -> tuple[Any, dict[str, Any]]:
    """The model that the emitted code builds, and its variables by the paths of the program."""
    if program not in _BUILT:
        _BUILT[program] = _build(program)
    return _BUILT[program]


def _build(program: Program) -> tuple[Any, dict[str, Any]]:
    from netwright.backends.keras.emit import emit

    namespace: dict[str, Any] = {"__name__": "emitted"}
    code = compile(emit(program.model), f"<emitted {program.model.name}>", "exec")
    try:
        exec(code, namespace)  # text that the emitter wrote: it holds nothing of a spec but checked names and literals
    except ImportError as error:  # of an extern in a branch that these params do not take
        raise ExecutionError(f"the emitted model of {program.model.name} cannot be made: {error}") from error
    with program.engine.host():
        model = namespace["build_model"]()
    return model, pair_variables(program, model)


def pair_variables(program: Program, model: Any) -> dict[str, Any]:
    """The Keras variable of each weight, by path. Raises CompilerBug if the model is not the program's."""
    layers = _grouped((_layer_key(layer), _number(layer), layer) for layer in _layers(model) if layer.weights)
    weighted = [place.site for place in program.places if place.slot.weight is not None]
    sites = in_order_of_creation(tuple(dict.fromkeys(weighted)))
    names = LayerNames(program.model.elaborated)
    operators = _grouped((_site_key(program, site, names), number, site) for number, site in enumerate(sites))
    if _counted(layers) != _counted(operators):
        message = f"found {_counted(layers)}, expected {_counted(operators)}"
        raise CompilerBug(f"the emitted model's layers are not the program's: {message}")
    return {
        f"{site.path}/{slot.name}": slot.variable
        for key, found in operators.items()
        for site, layer in zip(found, layers[key], strict=True)
        for slot in match_weights(site.node, layer)
    }


def _grouped(items: Iterator[tuple[Hashable, int, Any]]) -> dict[Hashable, list[Any]]:
    """What has one key, by number."""
    groups: dict[Hashable, list[tuple[int, Any]]] = defaultdict(list)
    for key, number, item in items:
        groups[key].append((number, item))
    return {key: [item for _, item in sorted(found, key=lambda pair: pair[0])] for key, found in groups.items()}


def _counted(groups: Mapping[Hashable, list[Any]]) -> dict[Hashable, int]:
    return {key: len(found) for key, found in groups.items()}


def _layers(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models in it, those of recurrent cells too, each once."""
    import keras

    seen: set[int] = set()
    waiting = [model]
    while waiting:
        for layer in waiting.pop().layers:
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            inner = layer if isinstance(layer, keras.Model) else getattr(getattr(layer, "cell", None), "model", None)
            if inner is not None:
                waiting.append(inner)
            else:
                yield layer


def _layer_key(layer: Any) -> Hashable:
    """The layer's class, and its name if it was given one."""
    kind = type(layer).__name__
    return kind if _automatic(layer) else (kind, layer.name)


def _site_key(program: Program, site: Site, names: LayerNames) -> Hashable:
    node = site.node
    leaf = program.leaf(node)
    if isinstance(leaf, ExternLeaf):  # whose class may name it, too
        return _layer_key(leaf.layer)
    kind = keras_callable(node.op.keras).__name__  # of layers.GroupQueryAttention another than its path says
    name = getattr(node.op, "name", None)
    kept = name and names.is_kept(node.instance.span if node.instance else node.span)
    return (kind, name) if kept else kind


def _number(layer: Any) -> int:
    match = _automatic(layer)
    return int(match[2] or 0) if match else 0


def _automatic(layer: Any) -> re.Match[str] | None:
    """How Keras named a layer that was given no name: the class in snake case, and a number from the second on."""
    match = re.fullmatch(r"(.*?)(?:_(\d+))?", layer.name)
    return match if match and match[1].replace("_", "") == type(layer).__name__.lower() else None
