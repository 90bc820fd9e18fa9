"""Owns TensorFlow's profiler: how long each operation of what XLA runs takes on the device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2


def operation_times(run: Callable[[], None]) -> dict[str, float]:
    """See `Engine.operation_times`."""
    space = xplane_pb2.XSpace()
    with TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            run()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        space.ParseFromString(trace.read_bytes())
    times: dict[str, float] = defaultdict(float)
    for name, picoseconds in _on_device(space.planes):
        times[name] += picoseconds / 1e12
    return times


def _on_device(planes: Iterable[Any]) -> list[tuple[str, int]]:
    """Of a device of its own where there is one: the host's events are then of starting its operations."""
    found = {plane.name: list(_operations(plane)) for plane in planes}
    own = [each for name, events in found.items() if name.startswith("/device:") for each in events]
    return own or [each for events in found.values() for each in events]


def _operations(plane: Any) -> Iterator[tuple[str, int]]:
    names = {number: each.name for number, each in plane.stat_metadata.items()}
    for event in (event for line in plane.lines for event in line.events):
        for stat in (stat for stat in event.stats if names[stat.metadata_id] == "hlo_op"):
            yield stat.str_value or names[stat.ref_value], event.duration_ps
