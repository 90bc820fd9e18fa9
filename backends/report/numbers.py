"""Owns how figures are written for people: counts with commas, large ones with a prefix, bytes in binary units, times
with theirs."""

from __future__ import annotations


def count(value: int | str | None) -> str:
    """25636712 -> '25,636,712'; formulas as they are; '?' for what is not known."""
    if value is None:
        return "?"
    return f"{value:,}" if isinstance(value, int) else value


def short(value: int | str | None) -> str:
    """3857973248 -> '3.86 G' (decimal prefixes)."""
    return _scaled(value, 1000, ("", " k", " M", " G", " T", " P"))


def size(value: int | None) -> str:
    """Bytes: 102546848 -> '97.8 MiB'."""
    return _scaled(value, 1024, (" B", " KiB", " MiB", " GiB", " TiB", " PiB"))


def _scaled(value: int | str | None, base: int, units: tuple[str, ...]) -> str:
    if value is None or isinstance(value, str):
        return value or "?"
    scaled, power = float(value), 0
    while abs(scaled) >= base and power < len(units) - 1:
        scaled, power = scaled / base, power + 1
    if power == 0:
        return f"{value}{units[0]}"
    return f"{_three_digits(scaled)}{units[power]}"


def _three_digits(number: float) -> str:
    """At least three, so that none is written with a power of ten."""
    return f"{number:.3g}" if number < 999.5 else f"{number:.0f}"


def seconds(value: float) -> str:
    """A time: 0.00123 -> '1.23 ms'."""
    scaled, unit = next((value * factor, unit) for factor, unit in _TIMES if value * factor >= 1 or unit == "µs")
    return f"{_three_digits(scaled)} {unit}"


_TIMES = ((1, "s"), (1e3, "ms"), (1e6, "µs"))
