"""Owns the callbacks that write logs and can go on with them: those of Keras begin anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import keras


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
