"""Owns what an engine's profiler has recorded: how long each operation took on the device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

#: the name of an operation in the program's text, and the seconds that it took once
Event = tuple[str, float]


def seconds_by_operation(planes: Iterable[tuple[str, Iterator[Event]]]) -> Mapping[str, float]:
    """What the operations took in all, by name; planes are those of a trace, by name. Where there is a device of its
    own, the host's events are of starting its operations, and do not count."""
    found = [(name, list(events)) for name, events in planes]
    own = [each for name, events in found if name.startswith("/device:") for each in events]
    seconds: dict[str, float] = defaultdict(float)
    for name, duration in own or [each for _, events in found for each in events]:
        seconds[name] += duration
    return seconds
