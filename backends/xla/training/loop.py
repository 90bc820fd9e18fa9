"""Owns the loop of a training run: epochs, steps, validation, callbacks, checkpoints. An epoch's last batch is short
where the batch size does not divide the examples: that makes two programs, each compiled once."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from netwright.backends.xla.data.examples import Data, Examples
from netwright.backends.xla.engines.engine import Batch, Training
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.training.callbacks import Callbacks
from netwright.backends.xla.training.checkpoint import Checkpoint, Position, load_checkpoint, save_checkpoint
from netwright.backends.xla.training.divergence import Found, bad_weight, find_bad_batch, find_bad_step
from netwright.backends.xla.training.feed import Feed
from netwright.backends.xla.training.interruption import Interrupted, Interruption
from netwright.backends.xla.training.surroundings import Folder, Progress

LOG = "log.jsonl"


class Loop:
    """A run from a position to its end. `whole`: batches are of one size, because the model's inputs are.
    `checkpoint_seconds`: after so many since the last one a checkpoint is due within an epoch too."""

    def __init__(
        self,
        training: Training,
        data: Data,
        feed: Feed,
        callbacks: Callbacks,
        *,
        folder: Folder,
        progress: Progress,
        position: Position,
        whole: bool,
        checkpoint_seconds: float,
    ) -> None:
        self.training = training
        self.data = data
        self.feed = feed
        self.callbacks = callbacks
        self.folder = folder
        self.progress = progress
        self.position = position
        self.whole = whole
        self.checkpoint_seconds = checkpoint_seconds
        self._began = self._saved = time.monotonic()
        self.steps_per_epoch = self._count(data.train)

    def run(self, epochs: int) -> None:
        """Train up to so many epochs in all. Raises Interrupted, with all saved, if the process is asked to stop, and
        ExecutionError where the loss is no longer a number."""
        self.progress.begin(epochs, self.steps_per_epoch, self.position.steps)
        self._save()
        self._mend_log()
        with Interruption() as interruption:
            while self.position.epoch < epochs and not self.position.stopped:
                self._epoch(interruption)

    # ------------------------------------------------------------ an epoch

    def _epoch(self, interruption: Interruption) -> None:
        """The steps that are left of the epoch under way, or all of the next one."""
        position = self.position
        self._began = time.monotonic() - position.epoch_seconds
        if position.step == 0:
            self.callbacks.epoch_begins(position.epoch)
            self.training.reset_metrics()
        order = self.data.order(position.seed, position.epoch)
        for count, launch in self.feed.launches(order, position.step):
            launch()
            self._steps_end(count)
            if position.step < self.steps_per_epoch:
                self._between_steps(interruption)
        self._epoch_ends()
        if interruption.requested:
            self._stop()

    def _steps_end(self, count: int) -> None:
        position = self.position
        position.step, position.steps = position.step + count, position.steps + count
        self.callbacks.step_ends(position.step - 1, position.steps, self.training.results)
        figures = self.training.results() if self.progress.wants_figures() else None
        self.progress.step(position.epoch + 1, position.step, figures)

    def _between_steps(self, interruption: Interruption) -> None:
        """Where a run may be cut in two."""
        now = time.monotonic()
        if interruption.requested or now - self._saved >= self.checkpoint_seconds:
            self.position.epoch_seconds = now - self._began
            self._check_training(self.training.results())
            self._save()
        if interruption.requested:
            self._stop()

    def _batches(self) -> Iterator[tuple[int, Batch]]:
        """The steps that are left of the epoch, numbered from 0."""
        position = self.position
        order = self.data.order(position.seed, position.epoch)
        batches = self.data.train.batches(position.batch_size, order=order, whole=self.whole, skip=position.step)
        return enumerate(batches, position.step)

    def _epoch_ends(self) -> None:
        position = self.position
        figures = self.training.results()
        self._check_training(figures)
        if self.data.validation is not None:
            figures |= self._validate(self.data.validation)
        position.stopped = self.callbacks.epoch_ends(position.epoch, figures)
        seconds = time.monotonic() - self._began
        position.epoch, position.step, position.figures = position.epoch + 1, 0, figures
        position.seconds, position.epoch_seconds = position.seconds + seconds, 0.0
        best = _watched(figures) < position.best
        position.best = min(_watched(figures), position.best)
        self.folder.append(LOG, log_line(position.epoch, figures, seconds))
        self._save(best=best)
        self.progress.epoch(position.epoch, figures)

    def _validate(self, examples: Examples) -> dict[str, Any]:
        figures = self.evaluate(examples)
        self._check_validation(figures, examples)
        return {f"val_{name}": value for name, value in figures.items()}

    def evaluate(self, examples: Examples) -> dict[str, Any]:
        """The loss and metrics over examples, in inference."""
        self.training.reset_metrics()
        for batch in self._parts(examples):
            self.training.evaluate(batch)
        return self.training.results()

    def _parts(self, examples: Examples) -> Iterator[Batch]:
        return examples.batches(self.position.batch_size, whole=self.whole)

    def _count(self, examples: Examples) -> int:
        """How many batches the examples make."""
        count, size = len(examples), self.position.batch_size
        return count // size if self.whole else math.ceil(count / size)

    # ------------------------------------------------------------ numbers that are none

    def _check_training(self, figures: Mapping[str, Any]) -> None:
        """The step is found by going on from the checkpoint again and looking at every loss: were it always looked at,
        every step would wait for the device."""
        if _are_finite(figures) and bad_weight(self.training.objective.program, self.training.arrays()) is None:
            return
        checkpoint = load_checkpoint(self.folder.path)
        self.training.restore(checkpoint.snapshot)
        self.position = checkpoint.position
        found = find_bad_step(self.training, self._batches())
        self._diverged("loss", "step", self.steps_per_epoch, found)

    def _check_validation(self, figures: Mapping[str, Any], examples: Examples) -> None:
        if not _are_finite(figures):
            found = find_bad_batch(self.training, self._parts(examples))
            self._diverged("validation loss", "batch", self._count(examples), found)

    def _diverged(self, what: str, unit: str, count: int, found: Found | None) -> NoReturn:
        where = f"epoch {self.position.epoch + 1}"
        if found is not None:
            number, fault = found
            where += f", {unit} {number + 1} of {count}: {fault}"
        help = "a smaller learning rate, clipnorm=1 in the optimizer, or inputs of smaller size"
        saved = f"what was learnt before is in {self.folder.path}"
        raise ExecutionError(f"the {what} is no longer a number at {where}", help=f"{help}; {saved}")

    # ------------------------------------------------------------ ends

    def _mend_log(self) -> None:
        """Leave out epochs that were logged after the checkpoint which the run goes on from."""
        path = self.folder.path / LOG
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
        if len(lines) > self.position.epoch:
            self.folder.write_text(LOG, "".join(lines[: self.position.epoch]))

    def _save(self, *, best: bool = False) -> None:
        checkpoint = Checkpoint(self.position, self.training.snapshot(), self.callbacks.state())
        save_checkpoint(self.folder, checkpoint, best=best)
        self._saved = time.monotonic()

    def _stop(self) -> NoReturn:
        at = f"epoch {self.position.epoch + 1}, step {self.position.step}"
        raise Interrupted(f"stopped at {at}; all is saved in {self.folder.path}")


def _are_finite(figures: Mapping[str, Any]) -> bool:
    return not figures or math.isfinite(figures["loss"])


def _watched(figures: Mapping[str, Any]) -> float:
    """By which epochs are better or worse: the smaller the better."""
    return float(figures.get("val_loss", figures.get("loss", math.inf)))


def log_line(epoch: int, figures: Mapping[str, Any], seconds: float) -> str:
    """A line of the log; JSON has no NaN, so what is no number is null."""
    return json.dumps({"epoch": epoch, **as_json(figures), "seconds": round(seconds, 4)}) + "\n"


def as_json(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with null for what is no finite number."""
    return {name: _number(value) for name, value in figures.items()}


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return [_number(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else None
