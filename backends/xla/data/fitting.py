"""Owns making arrays what the model takes: dtypes, trailing axes of 1, class numbers for words; and refusing what no
training can use: no examples, values that are not finite, classes that the prediction does not have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.arrays import bind_sizes, in_dtype
from netwright.backends.xla.data.table import DataFault, shape_text
from netwright.backends.xla.errors import ExecutionError
from netwright.compiler.types import TensorType

if TYPE_CHECKING:
    from netwright.backends.xla.data.table import Array


def fit_inputs(arrays: Mapping[str, Array], types: Mapping[str, TensorType]) -> dict[str, Array]:
    """The arrays in the shapes and dtypes of the inputs, all with the same number of examples."""
    fitted = {name: _with_rank(name, arrays[name], type) for name, type in types.items()}
    whole = {name: type.with_shape(len(fitted[name]), *type.shape[1:]) for name, type in types.items()}
    try:
        bind_sizes(whole, fitted)
        return {name: _finite(name, in_dtype(name, type, fitted[name])) for name, type in types.items()}
    except ExecutionError as error:
        raise DataFault(error.message, error.help) from error


def _with_rank(name: str, array: Array, type: TensorType) -> Array:
    """The array with trailing axes of 1 added or taken away."""
    if type.rank == 0 or array.ndim == 0:
        raise DataFault(f"'{name}': found {shape_text(array)}, input {type}: examples stand along a first axis")
    found = array
    while found.ndim > type.rank and found.shape[-1] == 1:
        found = found[..., 0]
    missing = type.rank - found.ndim
    if missing > 0 and type.shape[-missing:] == (1,) * missing:
        found = found.reshape(*found.shape, *(1,) * missing)
    if found.ndim != type.rank:
        raise DataFault(f"'{name}': found {shape_text(array)}, expected {type}")
    return found


def _finite(name: str, array: Array) -> Array:
    import numpy as np

    if array.dtype.kind == "f":
        wrong = int(np.size(array) - np.count_nonzero(np.isfinite(array)))
        if wrong:
            raise DataFault(f"'{name}' has {wrong} values that are not finite")
    return array


def fit_target(name: str, array: Array) -> tuple[Array, list[str] | None]:
    """The target as i32 or f32; words become class numbers in sorted order, and their list is given too."""
    import numpy as np

    if array.ndim == 0:
        raise DataFault(f"'{name}': found {shape_text(array)}, expected a value for each example")
    if array.dtype.kind in "US":
        words, numbers = np.unique(array, return_inverse=True)
        return numbers.reshape(array.shape).astype(np.int32), [str(word) for word in words]
    if array.dtype.kind == "f":
        return _finite(name, array.astype(np.float32)), None
    if array.dtype.kind not in "biu":
        raise DataFault(f"'{name}': found {shape_text(array)}, expected numbers or words")
    limits = np.iinfo(np.int32)
    if array.size and not limits.min <= int(array.min()) <= int(array.max()) <= limits.max:
        raise DataFault(f"'{name}' goes from {array.min()} to {array.max()}, expected numbers that i32 holds")
    return array.astype(np.int32), None


def check_counts(arrays: Mapping[str, Array]) -> None:
    """Every array has the same number of examples, and at least one."""
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"'{name}' has {count}" for name, count in counts.items())
        raise DataFault(f"the numbers of examples differ: {listed}")
    if 0 in counts.values():
        raise DataFault("there are no examples")


def check_classes(loss: Any, name: str, target: Array, prediction: TensorType) -> None:
    """Class numbers must be classes of the prediction: XLA would compute on with NaN."""
    classes = prediction.shape[-1] if prediction.shape else 1
    if not isinstance(classes, int):
        return
    ignored = getattr(loss, "ignore_class", None)
    kept = target if ignored is None else target[target != ignored]
    if kept.size and not 0 <= kept.min() <= kept.max() < classes:
        message = f"'{name}' has class numbers from {kept.min()} to {kept.max()}"
        raise DataFault(
            f"{message}, but the prediction {prediction} has {classes} classes",
            f"class numbers go from 0 to {classes - 1}",
        )
