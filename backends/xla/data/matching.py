"""Owns which array is which input and which target: as the spec says, else by equal names, else by position where there
is one of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from netwright.backends.xla.data.table import DataFault, Table, shape_text
from netwright.compiler.training.plan import DataSource
from netwright.dsl.suggest import did_you_mean

if TYPE_CHECKING:
    from netwright.backends.xla.data.table import Array

#: input or target -> the names of its arrays
Matches = dict[str, tuple[str, ...]]


def match(
    source: DataSource, table: Table, inputs: Sequence[str], targets: Sequence[str]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """(arrays by input, arrays by target). Raises DataFault where it cannot be told."""
    given_targets = _renamed(source.targets, targets)
    found_inputs = _by_name(source.inputs, table, inputs, "input", ())
    found_targets = _by_name(given_targets, table, targets, "target", _used(found_inputs))
    _by_position(found_inputs, table, inputs, table.inputs or _left(table, found_targets), "input")
    _by_position(found_targets, table, targets, table.targets or _left(table, found_inputs), "target")
    return (
        {name: _joined(table, found_inputs[name]) for name in inputs},
        {name: _joined(table, found_targets[name]) for name in targets},
    )


def _renamed(given: Matches, targets: Sequence[str]) -> Matches:
    """A single target may have any name: `targets: {label: y}` is of the only output."""
    if len(given) == len(targets) == 1:
        return {targets[0]: next(iter(given.values()))}
    return given


def _used(matches: Matches) -> set[str]:
    return {column for columns in matches.values() for column in columns}


def _by_name(given: Matches, table: Table, names: Sequence[str], kind: str, taken: Collection[str]) -> Matches:
    for name, columns in given.items():
        if name not in names:
            help = did_you_mean(name, names) or f"there is {', '.join(names)}"
            raise DataFault(f"the model has no {kind} '{name}'", help)
        for column in columns:
            if column not in table.arrays:
                message = f"there is no array '{column}': found {_listed(table)}"
                raise DataFault(message, did_you_mean(column, table.arrays))
    equal = {name: (name,) for name in names if name in table.arrays and name not in taken}
    return {**equal, **given}


def _left(table: Table, others: Matches) -> tuple[str, ...]:
    return tuple(name for name in table.arrays if name not in _used(others))


def _by_position(found: Matches, table: Table, names: Sequence[str], candidates: tuple[str, ...], kind: str) -> None:
    """Give the only name that has no array yet the only candidate that is left for it."""
    missing = [name for name in names if name not in found]
    if not missing:
        return
    free = [name for name in candidates if name not in _used(found)]
    if len(missing) != 1 or len(free) != 1:
        help = f"say it in the spec: `data: {{..., {kind}s: {{{missing[0]}: NAME}}}}`; several side by side are a list"
        raise DataFault(f"which array is the {kind} '{missing[0]}'? found {_listed(table)}", help)
    found[missing[0]] = (free[0],)


def _listed(table: Table) -> str:
    return ", ".join(f"{name} {shape_text(array)}" for name, array in table.arrays.items()) or "none"


def _joined(table: Table, columns: tuple[str, ...]) -> Array:
    """One array, or several side by side along a last axis."""
    import numpy as np

    arrays = [table.arrays[column] for column in columns]
    if len(arrays) == 1:
        return arrays[0]
    wide = [array[:, None] if array.ndim == 1 else array for array in arrays]
    try:
        return np.concatenate(wide, axis=-1)
    except ValueError as error:
        shapes = ", ".join(f"{name} {shape_text(table.arrays[name])}" for name in columns)
        raise DataFault(f"these arrays cannot stand side by side: {shapes}") from error
