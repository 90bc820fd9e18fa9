"""Owns the summary of a model: every node with its output, parameters, MACs and memory, as a table of plain cells that
`tables.py` lays out. Repeats are one row with a count; rows inside blocks are indented below them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netwright.compiler.analysis import Parameters
from netwright.compiler.checks import to_json
from netwright.compiler.ir import Instance, body_of, steps_of
from netwright.compiler.layer_table import Row, lone, tree_rows
from netwright.compiler.memory import Memory
from netwright.compiler.model import Model


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One line: `layer` is the last part of the path; figures stand for all copies of the row and of the rows around it
    (a repeat's count is in `repeats`, how many steps a recurrence has in `steps`). `shared` names the shared layer that
    the row applies; its weights stand in the row of its first application, so that a level adds up to the total;
    `counted` is false in the others."""

    path: str
    layer: str
    depth: int
    kind: str
    outputs: tuple[str, ...]
    repeats: int
    steps: int | str
    shared: str | None
    counted: bool
    params: int
    trainable: int
    parameter_bytes: int
    macs: int | str | None
    bytes: int | None
    kept_bytes: int | None
    peak_bytes: int | None
    peak_training_bytes: int | None
    line: int

    def to_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return {name: getattr(self, name) for name in FIELDS}


#: what of a row is data; the rest is for people
FIELDS = tuple(name for name in SummaryRow.__slots__ if name not in ("depth", "layer"))


def summary_rows(
    model: Model, *, depth: int | None = None, batch: int = 1, dtype: str | None = None
) -> Iterator[SummaryRow]:
    """The rows of a model's summary. depth: how many levels of blocks are opened (None: all). At the batch, and with
    `dtype` in the place of f32, `bytes` is the size of a row's outputs, of one copy, and `kept_bytes` what all copies
    keep for the backward pass of a training step; `peak_bytes` and `peak_training_bytes` are the most that the row's
    operands and what is made of them take at once while it runs, in inference and in a training step."""
    graph = model.elaborated.graph
    if graph is None:
        return
    weights = _SharedWeights()
    memory = model.memory(batch, dtype=dtype)
    for row in tree_rows(graph, model.analysis):
        parameters = weights.count(row)
        if depth is None or row.depth <= depth:
            yield _row(model, row, parameters, memory)


class _SharedWeights:
    """Counts the weights of shared layers where they are first applied, rows coming in order with blocks first."""

    def __init__(self) -> None:
        self._seen: set[Instance] = set()
        self._copies: dict[Instance, int] = {}
        self._applied_again: int | None = None  # the depth of a row whose weights stand elsewhere, and so those below

    def count(self, row: Row) -> Parameters | None:
        """The weights of a row for all its copies; None where they stand in an earlier row."""
        if self._applied_again is not None and row.depth > self._applied_again:
            return None
        instance = row.node.instance
        self._applied_again = row.depth if instance in self._seen else None
        if self._applied_again is not None:
            return None
        found = row.cost.parameters * (row.repeats // row.copies)
        for shared, parameters in row.cost.shared.items():
            if shared not in self._seen:
                found += parameters * self._copies.get(shared, 1)
        bodies = filter(None, (body_of(node) for node in {row.node, lone(row.node)}))
        for own in (instance for body in bodies for instance in body.instances):
            self._copies[own] = row.repeats  # each copy of a block has its own
            self._seen.discard(own)
        if instance is not None:
            self._seen.add(instance)
        return found


def _row(model: Model, row: Row, counted: Parameters | None, memory: Memory) -> SummaryRow:
    macs = model.for_one_example(row.cost.macs)
    kept, around = memory.kept(row.node), row.repeats // row.copies
    parameters = counted or Parameters()
    return SummaryRow(
        path=row.path,
        layer=row.path.rpartition("/")[2],
        depth=row.depth,
        kind=row.kind.removeprefix("ops."),
        outputs=tuple(map(str, row.types)),
        repeats=row.copies,
        steps=_steps(row),
        shared=None if row.node.instance is None else row.node.instance.name,
        counted=counted is not None,
        params=parameters.total,
        trainable=parameters.trainable,
        parameter_bytes=parameters.bytes,
        macs=to_json(None if macs is None else macs * around),
        bytes=memory.outputs(row.node),
        kept_bytes=None if kept is None else kept * around,
        peak_bytes=memory.peak_of(row.node),
        peak_training_bytes=memory.peak_of(row.node, row.within, training=True),
        line=row.node.span.line,
    )


def _steps(row: Row) -> int | str:
    steps = steps_of(lone(row.node))
    return steps if isinstance(steps, int) else str(steps)
