"""Owns the checkpoints of a run, the last and the best: all that a later process needs to go on as if this one had not
stopped. Each is written whole or not at all, and ends with a digest of what stands before, so that none is read that
was damaged."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.training.surroundings import Folder, FolderFault

#: which checkpoint -> its file
FILES = {"last": "checkpoint.npz", "best": "best.npz"}
_FORMAT = 2
_DIGEST = 64  # bytes
#: dtypes that NumPy's files do not know, and what they are stored as
_STORED_AS = {"bfloat16": "uint16"}


@dataclass(slots=True)
class Position:
    """How far a run has come: whole epochs and their seconds, steps of the next one and its seconds so far, all steps,
    the figures of the last epoch, the smallest loss (the validation's where there is one) after an epoch, and whether a
    callback has ended it. `seed` and `batch_size` are those it began with."""

    seed: int
    batch_size: int
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    steps: int = 0
    best: float = math.inf
    stopped: bool = False
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A position, the engine's snapshot, and the state of each callback: plain values and lists of arrays by name."""

    position: Position
    snapshot: Arrays
    callbacks: list[dict[str, Any]]


def save_checkpoint(folder: Folder, checkpoint: Checkpoint, *, best: bool) -> None:
    """Replace the folder's last checkpoint, and the best one if this is better. The last comes last: were the process
    killed between the two, the epoch would be run again, and be the best again."""
    content = _sealed(checkpoint)
    for which in ("best", "last") if best else ("last",):
        with folder.replacing(FILES[which]) as path:
            path.write_bytes(content)


def _sealed(checkpoint: Checkpoint) -> memoryview:
    """An .npz archive and its digest: readers of archives pass over what follows."""
    import numpy as np

    arrays = {f"run/{name}": array for name, array in checkpoint.snapshot.items()}
    arrays |= _callback_arrays(checkpoint.callbacks)
    dtypes = {name: array.dtype.name for name, array in arrays.items() if array.dtype.name in _STORED_AS}
    stored = {name: _stored(array) for name, array in arrays.items()}
    plain = [{k: v for k, v in state.items() if not isinstance(v, list)} for state in checkpoint.callbacks]
    meta = {"format": _FORMAT, "position": asdict(checkpoint.position), "callbacks": plain, "dtypes": dtypes}
    file = BytesIO()
    np.savez(file, meta=np.array(json.dumps(meta)), **stored)
    digest = _digest(file.getbuffer())
    file.seek(0, SEEK_END)
    file.write(digest)
    return file.getbuffer()


def _unsealed(content: bytes) -> BytesIO:
    """The archive. Raises ValueError if the digest is another's."""
    archive, digest = memoryview(content)[:-_DIGEST], content[-_DIGEST:]
    if _digest(archive) != digest:
        raise ValueError("it is damaged or cut short")
    return BytesIO(archive)


def _digest(archive: memoryview) -> bytes:
    return blake2b(archive, digest_size=_DIGEST).digest()


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


def load_checkpoint(path: Path, which: str = "last") -> Checkpoint:
    """The last or best checkpoint in a run's folder. Raises ExecutionError if there is none or it cannot be read."""
    import numpy as np

    file = path / FILES[which]
    try:
        with np.load(_unsealed(file.read_bytes()), allow_pickle=False) as held:
            meta = json.loads(str(held["meta"]))
            arrays = {name: held[name] for name in held.files if name != "meta"}
        return _checkpoint(meta, _restored(arrays, meta["dtypes"]))
    except FileNotFoundError as error:
        message = f"{path} holds no run to go on with: there is no {FILES[which]}"
        raise ExecutionError(message, help=_other(path, which) or "leave out --resume") from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
        help = _other(path, which) or "leave out --resume to begin anew"
        raise ExecutionError(f"the checkpoint {file} cannot be read: {error}", help=help) from error


@contextmanager
def writing_faults(path: Path) -> Iterator[None]:
    """What cannot be written in the block becomes an ExecutionError that says what is left of the run in the folder."""
    try:
        yield
    except FolderFault as error:
        raise _unwritten(str(error), path) from error
    except OSError as error:  # of a callback's own file
        raise _unwritten(f"cannot write in {path}: {error.strerror or error}", path) from error


def _unwritten(message: str, path: Path) -> ExecutionError:
    saved = (path / FILES["last"]).is_file()
    whole = "the last checkpoint is whole; once this is mended, go on with --resume"
    return ExecutionError(message, help=whole if saved else "choose another --out")


def _other(path: Path, which: str) -> str | None:
    """What to do where the other checkpoint is there."""
    options = {"last": "--resume", "best": "--resume-best"}
    other = next(name for name in FILES if name != which)
    return f"{options[other]} goes on from {FILES[other]}" if (path / FILES[other]).is_file() else None


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
