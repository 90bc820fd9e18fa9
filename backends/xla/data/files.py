"""Owns reading examples from .npz and .csv files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from netwright.backends.xla.data.table import DataFault, Table
from netwright.compiler.training.plan import DataSource
from netwright.compiler.types import TensorType

if TYPE_CHECKING:
    from netwright.backends.xla.data.table import Array


def read_npz(source: DataSource, path: Path, inputs: Mapping[str, TensorType]) -> Table:
    """The arrays of an .npz file by name. Objects are refused: reading them would run code of the file's."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataFault(f"'{source.name}' holds one array without a name, expected an .npz file")
            return Table({name: file[name] for name in file.files})
    except (ValueError, BadZipFile, EOFError) as error:
        raise DataFault(f"'{source.name}' is no .npz file of plain arrays: {error}") from error


def read_csv(source: DataSource, path: Path, inputs: Mapping[str, TensorType]) -> Table:
    """The columns of a table as text, one example a line; the first line names them unless the spec does. A column that
    is not all numbers holds words."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=source.options.get("delimiter", ","), strict=True)
            lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataFault(f"'{source.name}' is no table as text: {error}") from error
    names = source.options.get("columns")
    if names is None:
        names = [cell.strip() for cell in lines.pop(0)[1]] if lines else []
    _check_names(source, names)
    for number, line in lines:
        _check_line(source, names, number, line)
    columns = zip(*(line for _, line in lines), strict=True) if lines else ([] for _ in names)
    return Table({name: _column(cells) for name, cells in zip(names, columns, strict=True)})


def _check_names(source: DataSource, names: Sequence[str]) -> None:
    if not names:
        raise DataFault(f"'{source.name}' is empty")
    if len(set(names)) < len(names):
        raise DataFault(f"'{source.name}' has two columns of one name: {', '.join(names)}")
    if all(_number(name) is not None for name in names):
        help = "name them in the spec: `columns: [...]`"
        raise DataFault(f"the first line of '{source.name}' is no line of names: {', '.join(names)}", help)


def _check_line(source: DataSource, names: Sequence[str], number: int, line: list[str]) -> None:
    if len(line) != len(names):
        message = f"line {number} of '{source.name}' has {len(line)} cells, expected {len(names)}: {', '.join(names)}"
        raise DataFault(message, "another character between the cells is given as `delimiter`")
    for name, cell in zip(names, line, strict=True):
        if not cell.strip():
            raise DataFault(f"line {number} of '{source.name}' has an empty cell in column '{name}'")


def _column(cells: Sequence[str]) -> Array:
    import numpy as np

    words = [cell.strip() for cell in cells]
    numbers = [_number(word) for word in words]
    if any(number is None for number in numbers):
        return np.array(words)
    return np.array(numbers)


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None
