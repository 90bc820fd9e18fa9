"""Owns `netwright train`: from a model with a plan to trained weights, figures and a log in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.emit import emit
from netwright.backends.xla.data.load import load_data
from netwright.backends.xla.errors import ExecutionError, memory_faults
from netwright.backends.xla.support import check_compiled
from netwright.backends.xla.target import ANY, Target
from netwright.backends.xla.training.callbacks import Callbacks, WatchedModel, check_callbacks
from netwright.backends.xla.training.checkpoint import (
    FILES as CHECKPOINTS,
    Checkpoint,
    Position,
    load_checkpoint,
    writing_faults,
)
from netwright.backends.xla.training.feed import feed_of
from netwright.backends.xla.training.figures import build_loss, build_metrics
from netwright.backends.xla.training.loop import LOG, Loop, as_json
from netwright.backends.xla.training.surroundings import Folder, Progress
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.records import replace

if TYPE_CHECKING:
    from pathlib import Path

    from netwright.backends.xla.data.examples import Data
    from netwright.backends.xla.engines.engine import Metric, Training
    from netwright.backends.xla.program import Program
    from netwright.compiler.model import Model
    from netwright.compiler.training.plan import Plan

WEIGHTS = "model.weights.h5"
METRICS = "metrics.json"
#: what a run leaves in its folder, beside what callbacks write; without checkpoints there is no run to go on with
FILES = (*CHECKPOINTS.values(), WEIGHTS, METRICS, LOG)


@dataclass(frozen=True, slots=True)
class Settings:
    """What is said in place of the spec; none leaves it to the spec, or on resuming to the run. `resume` says from
    which checkpoint to go on, the 'last' or the 'best'; `checkpoint_seconds` how often there is one within an epoch."""

    target: Target = ANY
    epochs: int | None = None
    batch_size: int | None = None
    seed: int | None = None
    resume: str | None = None
    checkpoint_seconds: float = 300.0


@memory_faults()
def train(model: Model, folder: Folder, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Train as the model's plan says; returns what metrics.json holds.

    Raises SpecError where plan, data or targets are wrong, before anything is compiled; ExecutionError where engine,
    device or checkpoint do not fit, the folder cannot be written, memory is used up or the loss is no longer a number;
    Interrupted, all saved, if asked to stop."""
    plan = checked_plan(model)
    plan = plan if settings.epochs is None else replace(plan, epochs=settings.epochs)
    checkpoint = load_checkpoint(folder.path, settings.resume) if settings.resume else None
    position = _position(plan, settings, checkpoint)
    data = _data(model, plan, position)
    check_callbacks(plan, folder.path)
    emit(model)  # its model reads and writes the weights: what cannot be written is said before the work
    program, training, metrics = compile_run(model, plan, settings, position.seed)
    with writing_faults(folder.path):
        folder.begin(() if checkpoint else FILES)
        callbacks = Callbacks(plan, WatchedModel(program, training, folder), metrics, folder.path)
        callbacks.begin(checkpoint.callbacks if checkpoint else ())
        if checkpoint:
            training.restore(checkpoint.snapshot)
        whole = fixed_batch(model) is not None
        feed = feed_of(training, data.train, position.batch_size, whole=whole, watched=callbacks.watch_steps)
        loop = Loop(
            training,
            data,
            feed,
            callbacks,
            folder=folder,
            progress=progress,
            position=position,
            whole=whole,
            checkpoint_seconds=settings.checkpoint_seconds,
        )
        loop.run(plan.epochs)
        return _finish(program, loop)


# ---------------------------------------------------------------- before anything is compiled


def checked_plan(model: Model) -> Plan:
    """The model's plan. Raises SpecError if it has none or any of it is wrong."""
    plan = model.plan
    if plan is None:
        place = model.spec.span
        help = "train: {data: ..., loss: ...} says how"
        raise SpecError([Diagnostic("missing-key", "the spec does not say how to train", place, help=help)])
    errors = model.errors
    if not errors and not plan.losses:
        errors = [Diagnostic("missing-key", "there is nothing to make smaller: `train` needs `loss`", plan.span)]
    if errors:
        raise SpecError(errors)
    return plan


def _position(plan: Plan, settings: Settings, checkpoint: Checkpoint | None) -> Position:
    """Where the run begins. One that goes on keeps its seed and batch size, or it would not be the same run."""
    if checkpoint is None:
        seed = plan.seed if settings.seed is None else settings.seed
        return Position(seed, settings.batch_size or plan.batch_size)
    for name in ("seed", "batch_size"):
        asked, held = getattr(settings, name), getattr(checkpoint.position, name)
        if asked not in (None, held):
            option = f"--{name.replace('_', '-')}"
            raise ExecutionError(f"the run to go on with has {name} {held}, not {asked}", help=f"leave out {option}")
    return checkpoint.position


def planned_data(model: Model, plan: Plan, seed: int, home: Path | None = None) -> Data:
    """The examples of the plan, split by the seed; paths are relative to `home`, or else to the spec."""
    outputs = {name: model.elaborated.outputs[name] for name in {**plan.losses, **plan.metrics}}
    path = model.spec.source.path
    home = path.parent if home is None and path is not None else home
    return load_data(plan, model.elaborated.inputs, outputs, home, seed)


def _data(model: Model, plan: Plan, position: Position) -> Data:
    data = planned_data(model, plan, position.seed)
    fixed = fixed_batch(model)
    if fixed is not None and (fixed != position.batch_size or len(data.train) < fixed):
        message = (
            f"the inputs have batches of {fixed}: found {len(data.train)} examples, batch_size {position.batch_size}"
        )
        raise SpecError([Diagnostic("train-data", message, plan.places.get("batch_size", plan.span))])
    return data


def fixed_batch(model: Model) -> int | None:
    """The batch size that an input's type fixes."""
    first = [value.type.shape[0] for value in model.elaborated.inputs.values() if value.type.shape]
    return next((dim for dim in first if isinstance(dim, int)), None)


# ---------------------------------------------------------------- the run


def compile_run(
    model: Model, plan: Plan, settings: Settings, seed: int
) -> tuple[Program, Training, tuple[Metric, ...]]:
    """The program, a training run of it at its first values, and the metrics it counts."""
    from netwright.backends.keras.objects import keras_object
    from netwright.backends.xla.engines.selection import load_engine, suited
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.precision import scaling_losses
    from netwright.backends.xla.program import Program

    target = suited(settings.target.as_planned(plan), model)
    engine = load_engine(target)
    program = Program(model, engine, target)
    check_compiled(program.sites, engine.name, training=True)
    metrics = build_metrics(plan)
    with engine.place():
        arrays = initial_arrays(program, seed)
        optimizer = scaling_losses(keras_object(plan.optimizer), program.precision)
    return program, engine.compile_training(program, arrays, build_loss(plan.losses), optimizer, metrics), metrics


def _finish(program: Program, loop: Loop) -> dict[str, Any]:
    """Leave weights and figures in the folder."""
    from netwright.backends.xla.weights import save_weights

    loop.callbacks.end()
    loop.training.finish()
    with loop.folder.replacing(WEIGHTS) as path:
        save_weights(program, loop.training.arrays(), path)
    position, data = loop.position, loop.data
    figures = {name: value for name, value in position.figures.items() if not name.startswith("val_")}
    metrics = {
        "train": as_json(figures),
        "validation": as_json(loop.evaluate(data.validation)) if data.validation else None,
        "test": as_json(loop.evaluate(data.test)) if data.test else None,
        "epochs": position.epoch,
        "steps": position.steps,
        "params": program.model.params.total,
        "seconds": round(position.seconds, 3),
        "seed": position.seed,
        "batch_size": position.batch_size,
    }
    if data.classes:
        metrics["classes"] = data.classes
    loop.folder.write_text(METRICS, json.dumps(metrics, indent=1) + "\n")
    return metrics
