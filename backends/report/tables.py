"""Owns the layouts of a summary: text for a terminal, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import NamedTuple

from netwright.backends.report.numbers import count, short, size
from netwright.backends.report.summary import FIELDS, SummaryRow
from netwright.compiler.model import Model
from netwright.dsl.display import escape

_HEADINGS = ("layer", "output", "params", "MACs", "memory", "kept")
_PEAKS = ("peak", "in training")


class Setting(NamedTuple):
    """What memory is counted for: so many examples, in this dtype where the spec has f32. `peaks`: whether tables for
    people show those of each row."""

    batch: int = 1
    dtype: str = "f32"
    peaks: bool = False


ONE_EXAMPLE = Setting()
#: what a column of text keeps on a narrow terminal
_NARROWEST = 16


def text(model: Model, rows: Sequence[SummaryRow], at: Setting = ONE_EXAMPLE, width: int | None = None) -> str:
    """A table like Keras's, rows of blocks above those inside them, and the totals; cut to a terminal's width."""
    headings, cells = _headings(at), [_cells(row, at) for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    widths = _narrowed(widths, width)
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    title = escape(f"{model.name}: {model.spec.about}" if model.spec.about else model.name)
    lines = [title if width is None else _cut(title, width), rule]
    lines += [_line(headings, widths), rule, *(_line(line, widths) for line in cells), rule]
    return "\n".join([*lines, *(f"{name:<23} {figure}" for name, figure in totals(model, at))])


def _headings(at: Setting) -> tuple[str, ...]:
    return _HEADINGS + _PEAKS * at.peaks


def _cells(row: SummaryRow, at: Setting) -> tuple[str, ...]:
    notes = [] if row.layer.partition("[")[0].removeprefix("ops.") == row.kind else [row.kind]
    notes += [f"shared {row.shared}"] if row.shared is not None else []
    times = f" × {row.repeats}" if row.repeats > 1 else ""
    times += f" × {row.steps} steps" if row.steps != 1 else ""
    layer = "  " * row.depth + row.layer + (f" ({', '.join(notes)})" if notes else "") + times
    params = count(row.params) if row.counted else "above"
    peaks = (size(row.peak_bytes), size(row.peak_training_bytes)) * at.peaks
    return (layer, _outputs(row), params, short(row.macs), size(row.bytes), size(row.kept_bytes), *peaks)


def _outputs(row: SummaryRow) -> str:
    """The types, equal ones after one another once: 'f32[N, S, 256], 4 × f32[N, 128]'."""
    runs = [(type, len(list(equal))) for type, equal in groupby(row.outputs)]
    return ", ".join(type if times == 1 else f"{times} × {type}" for type, times in runs)


def _narrowed(widths: list[int], width: int | None) -> list[int]:
    """The columns of text give way, the wider one first, but stay readable: figures are never cut."""
    fitted = list(widths)
    while width is not None and sum(fitted) + 2 * (len(fitted) - 1) > width:
        column = max((0, 1, 3), key=fitted.__getitem__)
        if fitted[column] <= _NARROWEST:
            break
        fitted[column] -= 1
    return fitted


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_cut(cell, width) for cell, width in zip(cells, widths, strict=True)]
    left = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*left, *right]).rstrip()


def totals(model: Model, at: Setting) -> list[tuple[str, str]]:
    """The figures below the table."""
    params = model.params
    return [
        ("parameters", f"{count(params.total)} ({size(params.bytes)})"),
        ("  trainable", count(params.trainable)),
        ("  non-trainable", count(params.non_trainable)),
        ("MACs an example", _both(model.macs)),
        ("FLOPs an example", _both(model.flops)),
        (f"peak in inference at {at.batch}", _peak(model, at)),
        (f"peak in training at {at.batch}", _peak(model, at, training=True)),
    ]


def _both(figure: int | str | None) -> str:
    return f"{count(figure)} ({short(figure)})" if isinstance(figure, int) and figure >= 1000 else count(figure)


def _peak(model: Model, at: Setting, *, training: bool = False) -> str:
    """The size, or which sizes it needs to be known."""
    peak = model.peak_memory(at.batch, dtype=at.dtype, training=training)
    shapes = [dim for tensor in model.inputs.values() for dim in tensor.shape]
    free = [dim for dim in dict.fromkeys(shapes) if isinstance(dim, str) and dim not in model.batch_symbols]
    if peak is not None or not free:
        return size(peak)
    return f"? (give sizes: {' '.join(f'--set {name}=64' for name in free)})"


def markdown(model: Model, rows: Sequence[SummaryRow], at: Setting = ONE_EXAMPLE) -> str:
    """A Markdown table; indents are non-breaking spaces."""
    headings = _headings(at)
    lines = ["| " + " | ".join(headings) + " |", "|---|---|" + "---:|" * (len(headings) - 2)]
    for row in rows:
        layer, *rest = _cells(row, at)
        indent = len(layer) - len(layer.lstrip(" "))
        lines.append("| " + " | ".join(["&nbsp;" * indent + _escaped(layer.lstrip(" ")), *map(_escaped, rest)]) + " |")
    return "\n".join([*lines, "", *(f"- {name.strip()}: {figure}" for name, figure in totals(model, at))])


def _escaped(cell: str) -> str:
    return "".join(f"\\{char}" if char in "|*_<>[]`" else char for char in cell)


def as_csv(model: Model, rows: Sequence[SummaryRow], at: Setting = ONE_EXAMPLE) -> str:
    """One line a row with plain numbers; what is not known is empty."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_json() | {"outputs": ", ".join(row.outputs)} for row in rows)
    return stream.getvalue().rstrip("\n")


def as_json(model: Model, rows: Sequence[SummaryRow], at: Setting = ONE_EXAMPLE) -> str:
    """Rows and totals as plain data."""
    params = model.params
    return json.dumps(
        {
            "name": model.name,
            "params": {"total": params.total, "trainable": params.trainable, "non_trainable": params.non_trainable},
            "parameter_bytes": params.bytes,
            "macs": model.macs,
            "flops": model.flops,
            "batch": at.batch,
            "dtype": at.dtype,
            "peak_memory_bytes": model.peak_memory(at.batch, dtype=at.dtype),
            "peak_training_memory_bytes": model.peak_memory(at.batch, dtype=at.dtype, training=True),
            "rows": [row.to_json() for row in rows],
        },
        indent=1,
    )


FORMATS: dict[str, Callable[[Model, Sequence[SummaryRow], Setting], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "csv": as_csv,
}
