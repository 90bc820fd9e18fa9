"""Owns TensorFlow's profiler: how long each operation of what XLA runs takes on the device."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from netwright.backends.xla.engines.operation_times import Event, seconds_by_operation


def operation_times(run: Callable[[], None]) -> Mapping[str, float]:
    """See `Engine.operation_times`."""
    space = xplane_pb2.XSpace()
    with TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder):
            run()
        (trace,) = Path(folder).rglob("*.xplane.pb")
        space.ParseFromString(trace.read_bytes())
    return seconds_by_operation((plane.name, _operations(plane)) for plane in space.planes)


def _operations(plane: Any) -> Iterator[Event]:
    names = {number: each.name for number, each in plane.stat_metadata.items()}
    for event in (event for line in plane.lines for event in line.events):
        for stat in (stat for stat in event.stats if names[stat.metadata_id] == "hlo_op"):
            yield stat.str_value or names[stat.ref_value], event.duration_ps / 1e12
