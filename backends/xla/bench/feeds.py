"""Owns the data that a measurement makes up: a shape, a dtype and a range for each input and target of a model. NumPy
is asked for only when values are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.arrays import BoundSizes
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.sites import sites_of
from netwright.compiler.dims import Dim, SymbolicDim, evaluate, symbols_of
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ops.embeddings import Table
from netwright.compiler.ops.op import operators_in

if TYPE_CHECKING:
    from netwright.compiler.model import Model
    from netwright.compiler.training.plan import Plan
    from netwright.compiler.types import TensorType

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """An array to make up: numbers from `low` to below `high`."""

    shape: Shape
    dtype: str
    low: int = 0
    high: int = 1

    def made(self, rng: Any) -> Any:
        """The array, as NumPy's."""
        if "float" in self.dtype or "complex" in self.dtype:
            return rng.uniform(self.low, self.high, self.shape).astype(self.dtype)
        high = min(self.high, 127) if self.dtype in ("int8", "uint8") else self.high
        return rng.integers(self.low, high, self.shape).astype(self.dtype)


def sizes_for(model: Model, batch: int) -> BoundSizes:
    """Symbol -> size: the batch for those that stand first in an input's shape. Raises ExecutionError for another, and
    where the inputs are of another batch."""
    types = [value.type for value in model.elaborated.inputs.values()]
    dims = [dim for type in types for dim in type.shape if isinstance(dim, SymbolicDim)]
    free = sorted({name for dim in dims for name in symbols_of(dim)} - set(model.batch_symbols))
    if free:
        help = f"give it: {' '.join(f'--set {name}=64' for name in free)}"
        raise ExecutionError(f"{model.name}: the size {', '.join(map(repr, free))} is not known", help=help)
    return BoundSizes(dict.fromkeys(model.batch_symbols, batch))


def input_feeds(model: Model, sizes: Mapping[str, int]) -> dict[str, Feed]:
    """What each input takes: floats from 0 to 1, integers that the smallest table of the model has rows for, and
    without tables 0 and 1."""
    rows = _fewest_rows(model)
    return {name: _feed(name, value.type, sizes, rows) for name, value in model.elaborated.inputs.items()}


def _feed(name: str, type: TensorType, sizes: Mapping[str, int], rows: int) -> Feed:
    if type.dtype == "str":
        raise ExecutionError(f"'{name}' is {type}: XLA has no strings")
    return Feed(_known(type.shape, sizes), keras_dtype(type.dtype), 0, 1 if type.is_float else rows)


def _fewest_rows(model: Model) -> int:
    graph = model.elaborated.graph
    operators = [op for site in sites_of(graph) for op in operators_in(site.node.op)] if graph else []
    return min((op.input_dim for op in operators if isinstance(op, Table)), default=2)


def _known(shape: tuple[Dim, ...], sizes: Mapping[str, int]) -> Shape:
    return tuple(evaluate(dim, sizes) for dim in shape)


# ---------------------------------------------------------------- targets


def target_feeds(model: Model, plan: Plan, sizes: Mapping[str, int]) -> dict[str, Feed]:
    """What each loss takes beside its output."""
    shapes = {name: _known(model.elaborated.outputs[name].type.shape, sizes) for name in plan.losses}
    return {name: _TARGETS.get(loss.name_in_flow, _like_output)(shapes[name]) for name, loss in plan.losses.items()}


def _like_output(output: Shape) -> Feed:
    return Feed(output, "float32")


def _classes(output: Shape) -> Feed:
    return Feed(output[:-1], "int32", 0, output[-1])


def _labels(output: Shape) -> Feed:
    return Feed(output[:1], "int32", 0, 2)


def _label_sequence(output: Shape) -> Feed:
    """Half as many labels as steps; class 0 is the blank."""
    return Feed((output[0], max(1, output[1] // 2)), "int32", 1, output[-1])


_TARGETS: Mapping[str, Callable[[Shape], Feed]] = {
    "sparse_categorical_crossentropy": _classes,
    "categorical_generalized_cross_entropy": _classes,
    "circle": _labels,
    "ctc": _label_sequence,
}
