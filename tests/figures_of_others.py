"""Figures that others have made of networks: the tables in tests/oracle/data."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "oracle" / "data"


@cache
def figures_of_others(table: str, key: str) -> dict[str, dict[str, str]]:
    """The rows by name: of several the first, but one that is exact before one that is rounded."""
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row.get("kind") == "published")
    return {row[key]: row for row in reversed(rows)}
