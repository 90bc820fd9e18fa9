"""Figures as people read them."""

from __future__ import annotations

import pytest

from netwright.backends.report.numbers import seconds, short, size


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2.5, "2.5 s"),
        (123.4, "123 s"),
        (0.012345, "12.3 ms"),
        (4e-5, "40 µs"),
        (3e-8, "0.03 µs"),
        (9.996e-4, "1000 µs"),
    ],
)
def test_seconds(value: float, expected: str) -> None:
    assert seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "decimal", "binary"),
    [(999, "999", "999 B"), (999_600, "1000 k", "976 KiB"), (1_048_000, "1.05 M", "1023 KiB"), (None, "?", "?")],
)
def test_none_is_written_with_a_power_of_ten(value: int | None, decimal: str, binary: str) -> None:
    assert short(value) == decimal
    assert size(value) == binary
