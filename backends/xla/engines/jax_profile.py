"""Owns JAX's profiler: how long each operation of what runs takes on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax

from netwright.backends.xla.engines.operation_times import Event, seconds_by_operation


def operation_times(run: Callable[[], None]) -> Mapping[str, float]:
    """See `Engine.operation_times`."""
    with TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            run()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        planes = list(jax.profiler.ProfileData.from_file(str(trace)).planes)
    return seconds_by_operation((plane.name, _operations(plane)) for plane in planes)


def _operations(plane: Any) -> Iterator[Event]:
    for event in (event for line in plane.lines for event in line.events):
        operation = next((value for name, value in event.stats if name == "hlo_op"), None)
        if operation is not None:
            yield str(operation), event.duration_ns / 1e9
