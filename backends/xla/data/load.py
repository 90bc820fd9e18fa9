"""Owns the way from a plan's data source to examples: reads, matches, fits, checks, splits. What is wrong is a
Diagnostic at the place in the spec that says it; nothing has been compiled by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from netwright.backends.xla.data.builtin import read_builtin
from netwright.backends.xla.data.examples import Data, Examples, split
from netwright.backends.xla.data.files import read_csv, read_npz
from netwright.backends.xla.data.fitting import check_classes, check_counts, fit_inputs, fit_target
from netwright.backends.xla.data.images import read_images
from netwright.backends.xla.data.matching import match
from netwright.backends.xla.data.table import DataFault, Table
from netwright.compiler.ir import Value
from netwright.compiler.training.plan import DataSource, Plan
from netwright.compiler.training.targets import TargetFault, check_target
from netwright.compiler.types import TensorType
from netwright.dsl.diagnostics import Diagnostic, Label, SpecError
from netwright.dsl.source import Span
from netwright.dsl.tree_paths import OutsideTree, path_in_tree

_READERS: dict[str, Callable[[DataSource, Path, Mapping[str, TensorType]], Table]] = {
    "builtin": read_builtin,
    "npz": read_npz,
    "csv": read_csv,
    "images": read_images,
}
_SPARSE = frozenset({"sparse_categorical_crossentropy", "categorical_generalized_cross_entropy"})


def load_data(
    plan: Plan, inputs: Mapping[str, Value], outputs: Mapping[str, Value], home: Path | None, seed: int
) -> Data:
    """The examples of a plan. `outputs` are those that have targets; `home` is the folder that paths are relative to.
    Raises SpecError if they are missing, unreadable, or do not fit the inputs or the losses."""
    source = plan.data
    if source is None:
        raise _error("missing-key", "there is nothing to train on", plan.span, "`train` needs `data`")
    input_types = {name: value.type for name, value in inputs.items()}
    try:
        table = _read(source, input_types, home)
        found_inputs, found_targets = match(source, table, list(inputs), list(outputs))
        fitted = {name: fit_target(name, array) for name, array in found_targets.items()}
        examples = Examples(fit_inputs(found_inputs, input_types), {name: array for name, (array, _) in fitted.items()})
        check_counts({**examples.inputs, **examples.targets})
        _check_targets(plan, source, examples, outputs)
        train, validation, test = split(examples, source.validation, source.test, seed=seed if source.shuffle else None)
    except DataFault as fault:
        raise _error("train-data", fault.message, source.span, fault.help) from fault
    if train is None:
        raise _error("train-data", "there are no examples", source.span, None)
    classes = {name: words for name, (_, words) in fitted.items() if words is not None}
    return Data(train, validation, test, source.shuffle, classes)


def _read(source: DataSource, inputs: Mapping[str, TensorType], home: Path | None) -> Table:
    path = Path() if source.kind == "builtin" else _path(source, home)
    try:
        return _READERS[source.kind](source, path, inputs)
    except OSError as error:
        raise DataFault(f"'{source.name}' cannot be read: {error.strerror or error}") from error


def _path(source: DataSource, home: Path | None) -> Path:
    try:
        return path_in_tree(source.name, home)
    except OutsideTree as why:
        help = "data stand beside the spec or below it"
        raise _error("path-outside-tree", f"'{source.name}' cannot be used: {why}", source.span, help) from None


def _check_targets(plan: Plan, source: DataSource, examples: Examples, outputs: Mapping[str, Value]) -> None:
    for name, loss in plan.losses.items():
        prediction = outputs[name].type
        target = examples.targets[name]
        type = TensorType("f32" if target.dtype.kind == "f" else "i32", (*prediction.shape[:1], *target.shape[1:]))
        try:
            check_target(loss, type, prediction)
        except TargetFault as fault:
            place = plan.places.get("loss", plan.span)
            labels = (Label(source.span, f"the target is {type}"),)
            wrong = Diagnostic("train-target", fault.message, place, labels=labels, help=fault.help)
            raise SpecError([wrong]) from fault
        if loss.name_in_flow in _SPARSE:
            check_classes(loss, name, target, prediction)


def _error(code: str, message: str, span: Span, help: str | None) -> SpecError:
    return SpecError([Diagnostic(code, message, span, help=help)])
