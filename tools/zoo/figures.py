"""Owns what others count of a model: the tables in tests/oracle/data, `figures.yaml`, and the spec's own checks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from netwright.api import Model
from netwright.dsl import tree

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "tests" / "oracle" / "data"
#: a number so large stands in a table for one net alone
_TELLING = 50_000
_UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9, "B": 1e9}
_GITHUB = re.compile(r"github:([\w.-]+/[\w.-]+)(?:@(\w+))?(?::(\S+))?")


@dataclass(frozen=True)
class Figure:
    """A published number of parameters, as written, and who says so; `macs` as they are published beside it."""

    params: str
    where: str = ""
    macs: str = ""
    why: str = ""

    @property
    def value(self) -> float:
        number, unit = re.fullmatch(r"([\d.,_]+)\s*([KMGB]?)", self.params).groups()
        return float(number.replace(",", "").replace("_", "")) * _UNITS[unit]

    @property
    def unit(self) -> float:
        """What the last digit stands for: 1e5 in 3.8M."""
        number, unit = re.fullmatch(r"([\d.,_]+)\s*([KMGB]?)", self.params).groups()
        return _UNITS[unit] / 10 ** len(number.partition(".")[2])

    def equals(self, count: int) -> bool:
        return abs(count - self.value) <= self.unit / 2 if self.unit > 1 else count == self.value


def published(spec: tree.Spec, member: str, model: Model) -> Figure | None:
    """The figure to compare a member with, if anybody has published one."""
    entry = _written().get(spec.name, {}).get(member or spec.name)
    if entry is not None:
        return Figure(str(entry["published"]), entry.get("where", ""), why=entry.get("why", ""))
    rows = [row for row in _rows() if row.value in (model.params.total, model.params.trainable)]
    return max(rows, key=lambda row: same_macs(row, model), default=None) or _checked(spec, member, model)


def same_macs(figure: Figure, model: Model) -> bool:
    """Whether its MACs are the model's too, as far as digits are given."""
    if not figure.macs or not isinstance(model.macs, int):
        return False
    exact = float(figure.macs)
    digits = 0.5e6 if exact % 1e6 == 0 else 0.5
    return abs(model.macs - exact) <= digits


def _checked(spec: tree.Spec, member: str, model: Model) -> Figure | None:
    """What a check of the spec demands of its parameters: a number, or a formula, which it meets."""
    counts = {"params": model.params.total, "trainable_params": model.params.trainable}
    for check in spec.checks:
        condition = check.condition
        if check.preset and check.preset.id != member or not isinstance(condition, tree.Comparison):
            continue
        first, (operator, _, wanted) = condition.first, condition.rest[0]
        if operator == "==" and isinstance(first, tree.Name) and counts.get(first.id):
            by_hand = "" if isinstance(wanted, tree.Literal) else "by formula"
            return Figure(f"{counts[first.id]:,}", by_hand)
    return None


@cache
def _written() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((HERE / "figures.yaml").read_text(encoding="utf-8")) or {}


@cache
def _rows() -> list[Figure]:
    """The rows of the tables that are truth: not those that were counted here."""
    return [figure for figure in (*_keras(), *_torchvision(), *_others()) if figure.value >= _TELLING]


def _keras() -> Iterator[Figure]:
    for row in _table("keras_applications.csv"):
        for count in dict.fromkeys((row["total"], row["trainable"])):
            yield Figure(f"{int(count):,}", "keras.applications", row["macs"])


def _torchvision() -> Iterator[Figure]:
    for row in _table("torchvision.csv"):
        macs = float(row["ops_gflops_multiply_add"] or 0) * 1e9
        yield Figure(f"{int(row['num_params']):,}", "torchvision", f"{macs:.0f}" if macs else "")


def _others() -> Iterator[Figure]:
    for row in _table("published.csv"):
        if row["params"].isdigit() and row["kind"] != "derived-here" and "torchvision" not in row["source"]:
            macs = row["macs"] if row["macs"].isdigit() else ""
            yield Figure(f"{int(row['params']):,}", _link(row["source"]), macs)


def _link(source: str) -> str:
    match = _GITHUB.match(source)
    if match is None:
        return "the paper"
    repository, commit, path = match.groups()
    inside = f"/blob/{commit}/{path}" if commit and path else ""
    return f"[{repository.partition('/')[2]}](https://github.com/{repository}{inside})"


def _table(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
