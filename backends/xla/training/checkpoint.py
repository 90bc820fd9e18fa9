"""Owns the checkpoint of a run: all that a later process needs to go on as if this one had not stopped. It is written
whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.training.surroundings import Folder

FILE = "checkpoint.npz"
_FORMAT = 1
#: dtypes that NumPy's files do not know, and what they are stored as
_STORED_AS = {"bfloat16": "uint16"}


@dataclass(slots=True)
class Position:
    """How far a run has come: whole epochs, steps of the next one, seconds, the figures of the last epoch, and whether
    a callback has ended it. `seed` and `batch_size` are those it began with."""

    seed: int
    batch_size: int
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    steps: int = 0
    stopped: bool = False
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A position, the engine's snapshot, and the state of each callback: plain values and lists of arrays by name."""

    position: Position
    snapshot: Arrays
    callbacks: list[dict[str, Any]]


def save_checkpoint(folder: Folder, checkpoint: Checkpoint) -> None:
    """Replace the folder's checkpoint."""
    import numpy as np

    arrays = {f"run/{name}": array for name, array in checkpoint.snapshot.items()}
    arrays |= _callback_arrays(checkpoint.callbacks)
    dtypes = {name: array.dtype.name for name, array in arrays.items() if array.dtype.name in _STORED_AS}
    stored = {name: _stored(array) for name, array in arrays.items()}
    plain = [{k: v for k, v in state.items() if not isinstance(v, list)} for state in checkpoint.callbacks]
    meta = {"format": _FORMAT, "position": asdict(checkpoint.position), "callbacks": plain, "dtypes": dtypes}
    with folder.replacing(FILE) as path, path.open("wb") as file:
        np.savez(file, meta=np.array(json.dumps(meta)), **stored)


def _callback_arrays(callbacks: list[dict[str, Any]]) -> Arrays:
    return {
        f"callback/{index}/{name}/{number}": array
        for index, state in enumerate(callbacks)
        for name, value in state.items()
        if isinstance(value, list)
        for number, array in enumerate(value)
    }


def _stored(array: Any) -> Any:
    import numpy as np

    array = np.asarray(array)
    return array.view(_STORED_AS[array.dtype.name]) if array.dtype.name in _STORED_AS else array


def load_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a run's folder. Raises ExecutionError if there is none or it cannot be read."""
    import numpy as np

    file = path / FILE
    if not file.is_file():
        raise ExecutionError(f"{path} holds no run to go on with: there is no {FILE}", help="leave out --resume")
    try:
        with np.load(file, allow_pickle=False) as held:
            meta = json.loads(str(held["meta"]))
            arrays = {name: held[name] for name in held.files if name != "meta"}
        return _checkpoint(meta, _restored(arrays, meta["dtypes"]))
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        raise ExecutionError(f"{file} is no checkpoint of this version of Netwright: {error}") from error


def _checkpoint(meta: Mapping[str, Any], arrays: Arrays) -> Checkpoint:
    if meta["format"] != _FORMAT:
        raise ValueError(f"found format {meta['format']}, expected {_FORMAT}")
    callbacks = [dict(state) for state in meta["callbacks"]]
    snapshot = {}
    for name, array in arrays.items():
        section, _, rest = name.partition("/")
        if section == "run":
            snapshot[rest] = array
        else:
            index, attribute, _ = rest.split("/")
            callbacks[int(index)].setdefault(attribute, []).append(array)
    return Checkpoint(Position(**meta["position"]), snapshot, callbacks)


def _restored(arrays: Arrays, dtypes: Mapping[str, str]) -> Arrays:
    if not dtypes:
        return arrays
    import ml_dtypes  # comes with both frameworks

    known = {name: array.view(getattr(ml_dtypes, dtypes[name])) for name, array in arrays.items() if name in dtypes}
    return {**arrays, **known}
