"""Owns what others count of a model: the tables in tests/oracle/data, `figures.yaml`, and the spec's own checks."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from netwright.api import Model
from netwright.dsl import tree

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "tests" / "oracle" / "data"
#: a number of parameters so large stands in a table for one net alone
_TELLING = 50_000
_HALVED = "imgclsmob gives half of all FLOPs, with elementwise work (and its AlexNet begins with maps of 54 x 54)"
_UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}
_COUNT = re.compile(r"([\d,]+(?:\.\d+)?)([KMG]?)")
_GITHUB = re.compile(r"github:([\w.-]+/[\w.-]+)(?:@(\w+))?(?::(\S+))?")


@dataclass(frozen=True)
class Count:
    """A number as it is written: '25,557,032', '3.8M'."""

    text: str

    @classmethod
    def read(cls, text: str) -> Count | None:
        """None where it is no number."""
        return cls(text) if _COUNT.fullmatch(text) else None

    @property
    def last_digit(self) -> float:
        """What it stands for: 1e5 in 3.8M."""
        number, unit = self._parts()
        return _UNITS[unit] / 10 ** len(number.partition(".")[2])

    @property
    def is_exact(self) -> bool:
        return self.last_digit == 1

    @property
    def value(self) -> float:
        number, unit = self._parts()
        return float(number.replace(",", "")) * _UNITS[unit]

    def is_of(self, count: object) -> bool:
        """Whether it is that count, or what the count rounds to."""
        nearest = 0 if self.is_exact else self.last_digit / 2 + 1
        return isinstance(count, int) and abs(count - self.value) <= nearest

    def _parts(self) -> tuple[str, str]:
        match = _COUNT.fullmatch(self.text)
        assert match
        return match[1], match[2]


@dataclass(frozen=True)
class Figure:
    """Published counts of a model, who says so, and why ours are others, if they are."""

    params: Count
    where: str = ""
    macs: Count | None = None
    why: str = ""
    why_macs: str = ""


def published(spec: tree.Spec, member: str, model: Model) -> Figure | None:
    """The figure to compare a member with, if anybody has published one."""
    written = _written().get(spec.name, {}).get(member or spec.name, {})
    if "params" in written:
        params, macs = Count(str(written["params"])), Count.read(str(written.get("macs", "")))
        return Figure(params, written.get("where", ""), macs, written.get("why", ""), written.get("why_macs", ""))
    rows = [row for row in _rows() if row.params.value in (model.params.total, model.params.trainable)]
    same = [row for row in rows if row.macs and row.macs.is_of(model.macs)]
    found = next(iter(same or rows), None)
    if found is None:
        return _checked(spec, member, model)
    return Figure(found.params, found.where, found.macs, why_macs=written.get("why_macs", found.why_macs))


def _checked(spec: tree.Spec, member: str, model: Model) -> Figure | None:
    """What a check of the spec demands of its parameters: a number, or a formula, which it meets."""
    counts = {"params": model.params.total, "trainable_params": model.params.trainable}
    for check in spec.checks:
        condition = check.condition
        if (check.preset and check.preset.id != member) or not isinstance(condition, tree.Comparison):
            continue
        first, (operator, _, wanted) = condition.first, condition.rest[0]
        if operator == "==" and isinstance(first, tree.Name) and counts.get(first.id):
            by_hand = "" if isinstance(wanted, tree.Literal) else "by formula"
            return Figure(Count(f"{counts[first.id]:,}"), by_hand)
    return None


@cache
def _written() -> dict[str, dict[str, dict[str, str]]]:
    return yaml.safe_load((HERE / "figures.yaml").read_text(encoding="utf-8"))


@cache
def _rows() -> list[Figure]:
    """The rows of the tables that are truth: not those that were counted here."""
    return [figure for figure in (*_keras(), *_torchvision(), *_others()) if figure.params.value >= _TELLING]


def _keras() -> Iterator[Figure]:
    for row in _table("keras_applications.csv"):
        for count in dict.fromkeys((row["total"], row["trainable"])):
            yield Figure(Count(f"{int(count):,}"), "keras.applications", Count.read(row["macs"]))


def _torchvision() -> Iterator[Figure]:
    for row in _table("torchvision.csv"):
        macs = row["ops_gflops_multiply_add"]
        yield Figure(Count(f"{int(row['num_params']):,}"), "torchvision", Count.read(f"{float(macs or 0):.3f}G"))


def _others() -> Iterator[Figure]:
    """Torchvision's have rows of their own."""
    for row in _table("published.csv"):
        if row["params"].isdigit() and row["kind"] != "derived-here" and "torchvision" not in row["source"]:
            halved = _HALVED if "imgclsmob" in row["source"] else ""
            yield Figure(
                Count(f"{int(row['params']):,}"), _link(row["source"]), Count.read(row["macs"]), why_macs=halved
            )


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
