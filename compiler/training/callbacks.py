"""Owns Keras's callbacks as values: those that need no code of the user's."""

from __future__ import annotations

from netwright.compiler.ops.attributes import TYPES, attr, not_negative, one_of
from netwright.compiler.ops.configuration import Configuration, ConfigurationType


class Callback(Configuration, kind="callbacks"):
    """Something done between epochs."""


class EarlyStopping(Callback):
    """Stops when the monitored figure has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    min_delta: float = 0
    patience: int = attr(not_negative, default=0)
    verbose: int = 0
    mode: str = attr(one_of("auto", "min", "max"), default="auto")
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: int = 0


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when the monitored figure has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    factor: float = 0.1
    patience: int = attr(not_negative, default=10)
    verbose: int = 0
    mode: str = attr(one_of("auto", "min", "max"), default="auto")
    min_delta: float = 0.0001
    cooldown: int = 0
    min_lr: float = 0.0


class TerminateOnNaN(Callback):
    """Stops when the loss is not a number."""

    name_in_flow = "terminate_on_nan"
    raise_error: bool = False


class CSVLogger(Callback):
    """Writes each epoch's figures to a file below the run's folder."""

    filename: str = attr()
    separator: str = ","
    append: bool = False


class ModelCheckpoint(Callback):
    """Saves weights after epochs to a file below the run's folder."""

    filepath: str = attr()
    monitor: str = "val_loss"
    verbose: int = 0
    save_best_only: bool = False
    save_weights_only: bool = False
    mode: str = attr(one_of("auto", "min", "max"), default="auto")
    save_freq: str | int = "epoch"
    initial_value_threshold: float | None = None


class SwapEMAWeights(Callback):
    """Evaluates with the moving average of the weights."""

    swap_on_epoch: bool | int = False


class TensorBoard(Callback):
    """Writes logs for TensorBoard below the run's folder."""

    name_in_flow = "tensor_board"
    aliases = ("tensorboard",)
    log_dir: str = "logs"
    histogram_freq: int = 0
    write_graph: bool = True
    write_images: bool = False
    write_steps_per_second: bool = False
    update_freq: str | int = "epoch"
    profile_batch: int = 0
    embeddings_freq: int = 0
    embeddings_metadata: None = None


TYPES["Callback"] = ConfigurationType("callbacks", "a callback such as early_stopping(patience=3)")
