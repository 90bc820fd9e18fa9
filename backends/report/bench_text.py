"""Owns how the figures of `netwright bench` are shown to people; the figures themselves are plain data
(docs/json.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from netwright.backends.report.numbers import seconds, short, size

_HEADINGS = ("", "first step", "step", "examples/s", "FLOP/s", "of peak", "memory", "imports")
#: how peak memory is known
_MEMORY = {
    "device": "memory: the device's peak",
    "program": "memory: what the compiled step holds",
    "process": "memory: what the process grew by",
}


def bench_text(report: Mapping[str, Any]) -> str:
    """A table of one spec: Netwright's row, then each of Keras's with its ratios below."""
    rows = [_HEADINGS, _cells("netwright", report)]
    for other in report.get("vs", ()):
        rows += _others(other)
    peak = short(round(report["peak_flops_per_s"]))
    head = f"{report['spec']}: {report['mode']}, batch {report['batch']}, {report['engine']} on {report['device']}"
    return "\n".join([f"{head}, peak {peak}FLOP/s", *_lines(rows), *_notes(report)])


def _cells(name: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    share = row["peak_share"]
    return (
        name,
        seconds(row["first_step_s"]),
        seconds(row["step_s"]),
        short(round(row["examples_per_s"])),
        "?" if row["flops_per_s"] is None else short(round(row["flops_per_s"])),
        "?" if share is None else f"{share:.1%}",
        size(row["peak_memory_bytes"]),
        seconds(row["import_s"]),
    )


def _others(row: Mapping[str, Any]) -> list[tuple[str, ...]]:
    name = row["what"] if row["jit_compile"] else f"{row['what']}, no jit"
    if "error" in row:
        return [(name, row["error"])]
    ratios = [f"× {row['ratios'][figure]:.2f}" for figure in ("first_step_s", "step_s")]
    return [_cells(name, row), ("", *ratios)]


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    table = [row for row in rows if len(row) != 2]
    widths = [max(len(row[at]) for row in table if at < len(row)) for at in range(len(_HEADINGS))]
    return [_line(row, widths) for row in rows]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=False))]
    return f"  {'  '.join(cells)}".rstrip()


def _notes(report: Mapping[str, Any]) -> list[str]:
    kinds = dict.fromkeys(row.get("peak_memory_of") for row in (report, *report.get("vs", ())))
    return [f"  {_MEMORY[kind]}" for kind in kinds if kind is not None]
