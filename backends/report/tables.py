"""Owns the layouts of a summary: text for a terminal, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from netwright.api import Model
from netwright.backends.report.numbers import count, short, size
from netwright.backends.report.summary import SummaryRow

_HEADINGS = ("layer", "output", "params", "MACs", "memory")


def text(model: Model, rows: Sequence[SummaryRow], batch: int) -> str:
    """A table like Keras's, rows of blocks above those inside them, and the totals."""
    cells = [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in (_HEADINGS, *cells)) for column in range(len(_HEADINGS))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [f"{model.name}: {model.spec.about}" if model.spec.about else model.name, rule]
    lines += [_line(_HEADINGS, widths), rule, *(_line(line, widths) for line in cells), rule]
    return "\n".join([*lines, *(f"{name:<22} {figure}" for name, figure in totals(model, batch))])


def _cells(row: SummaryRow) -> tuple[str, ...]:
    kind = "" if row.layer.partition("[")[0] == row.kind else f" ({row.kind})"
    times = f" × {row.repeats}" if row.repeats > 1 else ""
    layer = "  " * row.depth + row.layer + kind + times
    return (layer, row.output, count(row.params), short(row.macs), size(row.bytes))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    left = [cell.ljust(width) for cell, width in zip(cells[:2], widths[:2], strict=True)]
    right = [cell.rjust(width) for cell, width in zip(cells[2:], widths[2:], strict=True)]
    return "  ".join([*left, *right]).rstrip()


def totals(model: Model, batch: int) -> list[tuple[str, str]]:
    """The figures below the table."""
    params = model.params
    return [
        ("parameters", f"{count(params.total)} ({size(params.bytes)})"),
        ("  trainable", count(params.trainable)),
        ("  non-trainable", count(params.non_trainable)),
        ("MACs an example", f"{count(model.macs)} ({short(model.macs)})"),
        ("FLOPs an example", f"{count(model.flops)} ({short(model.flops)})"),
        (f"peak activations at {batch}", size(model.peak_memory(batch))),
    ]


def markdown(model: Model, rows: Sequence[SummaryRow], batch: int) -> str:
    """A Markdown table; indents are non-breaking spaces."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|---|---|---:|---:|---:|"]
    for row in rows:
        layer, *rest = _cells(row)
        indent = len(layer) - len(layer.lstrip(" "))
        lines.append("| " + " | ".join(["&nbsp;" * indent + _escaped(layer.lstrip(" ")), *map(_escaped, rest)]) + " |")
    return "\n".join([*lines, "", *(f"- {name.strip()}: {figure}" for name, figure in totals(model, batch))])


def _escaped(cell: str) -> str:
    return "".join(f"\\{char}" if char in "|*_<>[]`" else char for char in cell)


def as_csv(model: Model, rows: Sequence[SummaryRow], batch: int) -> str:
    """One line a row with plain numbers; what is not known is empty."""
    stream = io.StringIO()
    names = [name for name in SummaryRow.__slots__ if name not in ("depth", "layer")]
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.to_json() for row in rows)
    return stream.getvalue().rstrip("\n")


def as_json(model: Model, rows: Sequence[SummaryRow], batch: int) -> str:
    """Rows and totals as plain data."""
    params = model.params
    return json.dumps(
        {
            "name": model.name,
            "params": {"total": params.total, "trainable": params.trainable, "non_trainable": params.non_trainable},
            "parameter_bytes": params.bytes,
            "macs": model.macs,
            "flops": model.flops,
            "batch": batch,
            "peak_memory_bytes": model.peak_memory(batch),
            "rows": [row.to_json() for row in rows],
        },
        indent=1,
    )


FORMATS: dict[str, Callable[[Model, Sequence[SummaryRow], int], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "csv": as_csv,
}
