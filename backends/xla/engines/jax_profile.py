"""Owns JAX's profiler: how long each operation of what runs takes on the device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax


def operation_times(run: Callable[[], None]) -> dict[str, float]:
    """See `Engine.operation_times`."""
    with TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            run()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        planes = list(jax.profiler.ProfileData.from_file(str(trace)).planes)
    times: dict[str, float] = defaultdict(float)
    for name, nanoseconds in _on_device(planes):
        times[name] += nanoseconds / 1e9
    return times


def _on_device(planes: Iterable[Any]) -> list[tuple[str, float]]:
    """Of a device of its own where there is one: the host's events are then of starting its operations."""
    found = {plane.name: list(_operations(plane)) for plane in planes}
    own = [each for name, events in found.items() if name.startswith("/device:") for each in events]
    return own or [each for events in found.values() for each in events]


def _operations(plane: Any) -> Iterator[tuple[str, float]]:
    for event in (event for line in plane.lines for event in line.events):
        operation = next((value for name, value in event.stats if name == "hlo_op"), None)
        if operation is not None:
            yield str(operation), event.duration_ns
