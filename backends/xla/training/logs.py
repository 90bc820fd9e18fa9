"""Owns the callbacks that write logs and can go on with them: those of Keras begin anew."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from netwright.backends.xla.engines.startup import quiet_start
from netwright.backends.xla.errors import ExecutionError


class CSVLog(keras.callbacks.CSVLogger):
    """Keras's, which on going on keeps the rows that were there when the checkpoint was written, and no others."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.written: int | None = None  # bytes

    def on_train_begin(self, logs: Any = None) -> None:
        if self.written is not None and Path(self.filename).is_file():
            os.truncate(self.filename, self.written)
            self.append = True
        super().on_train_begin(logs)
        self.written = self.csv_file.tell()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        super().on_epoch_end(epoch, logs)
        self.written = self.csv_file.tell()


class TensorBoardLog(keras.callbacks.Callback):
    """What Keras's writes of figures and weights, by the same names in the same folders, `train` and `validation`, but
    through TensorBoard's own writer, which needs no TensorFlow. On going on, what was written after the checkpoint is
    cut off."""

    def __init__(
        self,
        log_dir: str,
        histogram_freq: int = 0,
        update_freq: int | str = "epoch",
        write_steps_per_second: bool = False,
        write_graph: bool = True,  # of a Keras model: there is none
    ) -> None:
        super().__init__()
        self.written: dict[str, int] | None = None  # bytes by file
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self._folder = Path(log_dir)
        self._histogram_freq = histogram_freq
        self._write_pace = write_steps_per_second
        self._format = _EventFormat()
        self._writers: dict[str, Any] = {}
        self._began = (0.0, 0)

    def on_train_begin(self, logs: Any = None) -> None:
        for name, size in self._sizes().items() if self.written is not None else ():
            os.truncate(self._folder / name, min(size, (self.written or {}).get(name, 0)))
        self.written = self._sizes()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = (time.monotonic(), self.model.steps)

    def is_due(self) -> bool:
        """Whether figures are written after this step."""
        return isinstance(self.update_freq, int) and self.model.steps % self.update_freq == 0

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        self._write("train", self.model.steps, {f"batch_{name}": value for name, value in (logs or {}).items()})

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        figures = dict(logs or {})
        validation = {name: value for name, value in figures.items() if name.startswith("val_")}
        train = {name: value for name, value in figures.items() if name not in validation}
        train |= {"learning_rate": self.model.optimizer.learning_rate, **self._pace()}
        weights = self.model.arrays() if self._histogram_freq and epoch % self._histogram_freq == 0 else {}
        histograms = {f"{path}/histogram": array for path, array in weights.items()}
        self._write("train", epoch, {f"epoch_{name}": value for name, value in train.items()}, histograms)
        self._write("validation", epoch, {f"epoch_{name[4:]}": value for name, value in validation.items()})

    def _pace(self) -> dict[str, float]:
        seconds, steps = self._began
        pace = (self.model.steps - steps) / max(time.monotonic() - seconds, 1e-9)
        return {"steps_per_second": pace} if self._write_pace else {}

    def on_train_end(self, logs: Any = None) -> None:
        for writer in self._writers.values():
            writer.close()

    def _write(self, part: str, step: int, scalars: Mapping[str, Any], histograms: Mapping[str, Any] = {}) -> None:
        """A figure of several numbers, one for each class, say, has no curve."""
        summaries = [
            self._format.scalar(name, value) for name, value in scalars.items() if isinstance(value, int | float)
        ]
        summaries += [self._format.histogram(name, array) for name, array in histograms.items()]
        if not summaries:
            return
        if part not in self._writers:
            self._writers[part] = self._format.writer(str(self._folder / part))
        for summary in summaries:
            self._writers[part].add_event(self._format.event(step=step, wall_time=time.time(), summary=summary))
        self._writers[part].flush()
        self.written = self._sizes()

    def _sizes(self) -> dict[str, int]:
        files = sorted(self._folder.glob("*/events.out.tfevents.*"))
        return {str(file.relative_to(self._folder)): file.stat().st_size for file in files}


class _EventFormat:
    """What of the tensorboard package is used. Raises ExecutionError if it is not installed."""

    def __init__(self) -> None:
        try:
            with quiet_start():  # it loads TensorFlow where that is installed
                from tensorboard.compat.proto.event_pb2 import Event
                from tensorboard.plugins.histogram.summary_v2 import histogram_pb
                from tensorboard.plugins.scalar.summary_v2 import scalar_pb
                from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ModuleNotFoundError as error:
            missing = str(error.name).partition(".")[0]
            raise ExecutionError(
                f"tensor_board needs {missing}, not installed here", help="pip install 'netwright[tensorboard]'"
            ) from error
        self.event, self.writer, self.scalar, self.histogram = Event, EventFileWriter, scalar_pb, histogram_pb
