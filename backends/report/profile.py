"""Owns the profile of a step as a table: the rows of the model as `summary` has them, each with what its operations
take forward and backward, and below them what comes from no layer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netwright.backends.report.numbers import seconds
from netwright.backends.report.places import Places
from netwright.backends.xla.bench.hlo import Origin
from netwright.compiler.layer_table import Row, tree_rows

if TYPE_CHECKING:
    from netwright.backends.xla.bench.case import Case
    from netwright.backends.xla.bench.profile import Profile
    from netwright.compiler.model import Model

_HEADINGS = ("layer", "forward", "backward", "share")
#: what comes from no layer, in order of display: its path, its name
_BESIDE = {"train.loss": "loss", "train.optimizer": "optimizer", "train.metrics": "metrics", "": "other"}


@dataclass(slots=True)
class Share:
    """Seconds of a step."""

    forward: float = 0.0
    backward: float = 0.0

    @property
    def both(self) -> float:
        return self.forward + self.backward

    def add(self, taken: float, *, backward: bool) -> None:
        if backward:
            self.backward += taken
        else:
            self.forward += taken

    def to_json(self, total: float) -> dict[str, float]:
        return {"forward_s": self.forward, "backward_s": self.backward, "share": self.both / total}


class ProfileTable:
    """The rows of a model with the shares of a step; a block's row holds what is in it."""

    def __init__(self, model: Model, case: Case, found: Profile, depth: int | None = None) -> None:
        self.case = case
        self.found = found
        self.depth = depth
        graph = model.elaborated.graph
        self.rows: list[Row] = [] if graph is None else list(tree_rows(graph, model.analysis))
        self.shares = {row.path: Share() for row in self.rows}
        self.beside = {path: Share() for path in _BESIDE}
        places = Places(self.shares)
        for origin, taken in found.seconds.items():
            self._add(places, origin, taken)

    def _add(self, places: Places, origin: Origin | None, taken: float) -> None:
        path, backward = origin or ("", False)
        around = places.around(path)
        for row in around:
            self.shares[row].add(taken, backward=backward)
        if not around:
            self.beside[path if path in _BESIDE else ""].add(taken, backward=backward)

    @property
    def total(self) -> float:
        """Seconds of all operations of a step."""
        return sum(self.found.seconds.values())

    def shown(self) -> Iterator[Row]:
        """The rows down to the depth asked for."""
        return (row for row in self.rows if self.depth is None or row.depth <= self.depth)

    def about(self) -> dict[str, Any]:
        return {
            "spec": self.case.spec,
            "engine": self.found.engine,
            "device": self.found.device,
            "batch": self.case.batch,
            "mode": "training" if self.case.training else "inference",
            "step_s": self.found.step_s,
            "operations_s": self.total,
        }


def profile_json(table: ProfileTable) -> str:
    """The table as plain data (docs/json.md)."""
    rows = [
        {"path": row.path, "op": row.kind, "line": row.node.span.line, "repeats": row.repeats}
        | table.shares[row.path].to_json(table.total)
        for row in table.shown()
    ]
    beside = {name: table.beside[path].to_json(table.total) for path, name in _BESIDE.items()}
    return json.dumps(table.about() | {"rows": rows, "beside": beside}, indent=1)


def profile_text(table: ProfileTable) -> str:
    """The table for people."""
    layers = [_cells(_label(row), table.shares[row.path], table.total) for row in table.shown()]
    beside = [_cells(f"({_BESIDE[path]})", share, table.total) for path, share in table.beside.items() if share.both]
    widths = [max(len(line[at]) for line in (_HEADINGS, *layers, *beside)) for at in range(len(_HEADINGS))]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [_line(_HEADINGS, widths), rule, *(_line(line, widths) for line in layers), rule]
    return "\n".join([_title(table.about()), *lines, *(_line(line, widths) for line in beside)])


def _title(about: Mapping[str, Any]) -> str:
    head = f"{about['spec']}: {about['mode']}, batch {about['batch']}, {about['engine']} on {about['device']}"
    return f"{head}; a step takes {seconds(about['step_s'])}, its operations {seconds(about['operations_s'])}"


def _label(row: Row) -> str:
    layer = row.path.rpartition("/")[2]
    kind = row.kind.removeprefix("ops.")
    note = "" if layer.partition("[")[0].removeprefix("ops.") == kind else f" ({kind})"
    return "  " * row.depth + layer + note + (f" × {row.copies}" if row.copies > 1 else "")


def _cells(label: str, share: Share, total: float) -> tuple[str, ...]:
    return (
        label,
        *(seconds(each) if each else "" for each in (share.forward, share.backward)),
        f"{share.both / total:.1%}",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = cells
    figures = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "  ".join([first.ljust(widths[0]), *figures]).rstrip()
