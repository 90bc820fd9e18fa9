"""Owns the summary of a model: every node with its output, parameters, MACs and memory, as a table of plain cells that
`tables.py` lays out. Repeats are one row with a count; rows inside blocks are indented below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netwright.api import Model
from netwright.compiler.checks import to_json
from netwright.compiler.dims import substitute
from netwright.compiler.layer_table import Row, tree_rows


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line: `layer` is the last part of the path; figures stand for all copies of the row and of the rows around it
    (a repeat's count is in `repeats`)."""

    path: str
    layer: str
    depth: int
    kind: str
    output: str
    repeats: int
    params: int
    trainable: int
    macs: int | str | None
    bytes: int | None
    line: int

    def to_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return {name: getattr(self, name) for name in self.__slots__ if name not in ("depth", "layer")}


def summary_rows(model: Model, *, depth: int | None = None, batch: int = 1) -> Iterator[SummaryRow]:
    """The rows of a model's summary. depth: how many levels of blocks are opened (None: all). `bytes` is the size of a
    row's outputs at the batch, of one copy."""
    graph = model.elaborated.graph
    if graph is None:
        return
    sizes = dict.fromkeys(model.batch_symbols, batch)
    for row in tree_rows(graph, model.analysis):
        if depth is None or row.depth <= depth:
            yield _row(model, row, sizes)


def _row(model: Model, row: Row, sizes: dict[str, int]) -> SummaryRow:
    parameters = row.cost.parameters
    outer = row.repeats // row.copies
    if row.node.instance is not None:
        parameters += row.cost.shared[row.node.instance]
    macs = model.for_one_example(row.cost.macs)
    return SummaryRow(
        path=row.path,
        layer=row.path.rpartition("/")[2],
        depth=row.depth,
        kind=row.kind + (" (shared)" if row.node.instance is not None else ""),
        output=", ".join(map(str, row.types)),
        repeats=row.copies,
        params=parameters.total * outer,
        trainable=parameters.trainable * outer,
        macs=to_json(None if macs is None else macs * outer),
        bytes=_bytes(row, sizes),
        line=row.node.span.line,
    )


def _bytes(row: Row, sizes: dict[str, int]) -> int | None:
    total = 0
    for type in row.types:
        size = type.bytes
        known = None if size is None else substitute(size, dict(sizes))
        if not isinstance(known, int):
            return None
        total += known
    return total
