"""Owns what a program's arrays must be: the sizes that given shapes bind symbolic dims to, and the check of arrays
that a user gives against the inputs of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.errors import ExecutionError
from netwright.compiler.dims import SymbolicDim, evaluate, symbols_of
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.types import TensorType
from netwright.dsl.suggest import did_you_mean

if TYPE_CHECKING:
    import numpy as np


class BoundSizes(dict[str, int]):
    """Symbol -> size. A symbol that no input has alone as a dim is not known when the program runs."""

    def __missing__(self, name: str) -> int:
        message = f"the size '{name}' does not follow from the inputs' shapes: no input has it alone as a dim"
        raise ExecutionError(message, help=f"give it when the spec is compiled: --set {name}=...")


def bind_sizes(types: Mapping[str, TensorType], arrays: Mapping[str, Any]) -> BoundSizes:
    """What the shapes of the arrays say of the symbols that stand alone as a dim. Raises ExecutionError where two
    arrays disagree, or an array has not the shape of its type."""
    sizes = BoundSizes()
    for name, type in types.items():
        shape = tuple(arrays[name].shape)
        if len(shape) != type.rank:
            raise ExecutionError(f"'{name}': found shape {_text(shape)}, expected {type} of rank {type.rank}")
        for dim, size in zip(type.shape, shape, strict=True):
            if isinstance(dim, SymbolicDim) and symbols_of(dim) == {str(dim)}:
                sizes.setdefault(str(dim), int(size))
    for name, type in types.items():
        _check_shape(name, type, tuple(arrays[name].shape), sizes)
    return sizes


def _check_shape(name: str, type: TensorType, shape: tuple[int, ...], sizes: Mapping[str, int]) -> None:
    for axis, (dim, size) in enumerate(zip(type.shape, shape, strict=True)):
        if isinstance(dim, SymbolicDim) and not symbols_of(dim) <= sizes.keys():
            continue  # a formula whose symbols no array gives: nothing to compare with
        expected = evaluate(dim, sizes) if isinstance(dim, SymbolicDim) else dim
        if size != expected:
            wanted = f"{dim} = {expected}" if isinstance(dim, SymbolicDim) else str(dim)
            found = f"'{name}': found shape {_text(shape)}, expected {type}"
            raise ExecutionError(f"{found}: axis {axis} has size {size}, not {wanted}")
        if size == 0:
            raise ExecutionError(f"'{name}': found shape {_text(shape)}, empty at axis {axis}; expected {type}")


def _text(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, shape))}]"


def check_inputs(types: Mapping[str, TensorType], arrays: Mapping[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    """The given arrays as the inputs' dtypes have them, in the spec's order. Raises ExecutionError where names,
    dtypes or shapes do not fit."""
    import numpy as np

    _check_names(types, arrays)
    converted = {name: in_dtype(name, type, np.asarray(arrays[name])) for name, type in types.items()}
    bind_sizes(types, converted)
    return converted


def _check_names(types: Mapping[str, TensorType], arrays: Mapping[str, Any]) -> None:
    wanted = ", ".join(f"{name}: {type}" for name, type in types.items())
    missing = [name for name in types if name not in arrays]
    unknown = [name for name in arrays if name not in types]
    found = f"found {_names(arrays)}, expected {wanted}"
    if unknown:
        raise ExecutionError(f"there is no input {_names(unknown)}: {found}", help=did_you_mean(unknown[0], types))
    if missing:
        raise ExecutionError(f"no array is given for {_names(missing)}: {found}")


def _names(names: Any) -> str:
    return ", ".join(f"'{name}'" for name in names) or "none"


def in_dtype(name: str, type: TensorType, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array in the input's dtype, where no value changes its meaning: integers may become floats and floats other
    floats, but floats do not become integers, nor an integer one that it does not fit."""
    import numpy as np

    if type.dtype == "str":
        raise ExecutionError(f"'{name}' is {type}: XLA has no strings")
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise ExecutionError(f"'{name}': found dtype {array.dtype}, expected {keras_dtype(type.dtype)}")
    if type.dtype == "bf16":
        return array.astype(np.float32)  # NumPy alone has no bfloat16; the engine narrows it
    wanted = np.dtype(keras_dtype(type.dtype))
    if array.dtype == wanted:
        return array
    if (array.dtype.kind == "f" and wanted.kind != "f") or wanted.kind == "b":
        raise ExecutionError(f"'{name}': found dtype {array.dtype}, expected {wanted}")
    made = array.astype(wanted)
    if wanted.kind in "iu" and not np.array_equal(made, array):
        raise ExecutionError(f"'{name}': found dtype {array.dtype} with values that {wanted} does not hold")
    return made
