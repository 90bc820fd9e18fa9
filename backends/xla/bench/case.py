"""Owns what is measured and what comes of it, as plain data: a process of its own measures each case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.bench.feeds import Feed, input_feeds, sizes_for, target_feeds
from netwright.backends.xla.engines.selection import suited
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.target import ANY, Target
from netwright.backends.xla.train import checked_plan, fixed_batch
from netwright.compiler.dims import evaluate

if TYPE_CHECKING:
    from netwright.backends.xla.arrays import BoundSizes
    from netwright.compiler.model import Model

#: forward and backward cost three times what forward does: the gradients by inputs and by weights cost as much each
TRAINING_FORWARDS = 3


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which a model is measured. batch: none for the spec's. steps, seconds: how many steps are timed, and after
    how many seconds no other is begun. frozen: in inference, weights are constants of the program."""

    target: Target = ANY
    batch: int | None = None
    inference: bool = False
    steps: int = 100
    seconds: float = 10.0
    seed: int = 0
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class KerasModule:
    """The emitted module in the place of the program that runs the spec directly."""

    text: str
    jit_compile: bool


@dataclass(frozen=True, slots=True)
class Case:
    """One model to be measured. `flops`: of one step, none where the compiler does not know."""

    spec: str
    params: dict[str, Any]
    preset: str | None
    conditions: Conditions
    batch: int
    training: bool
    flops: int | None
    inputs: dict[str, Feed]
    targets: dict[str, Feed]
    module: KerasModule | None = None

    def with_xla(self) -> Case:
        """The same compiled by XLA, whose programs tell what each operation comes from."""
        target = replace(self.conditions.target, jit="on")
        return replace(self, conditions=replace(self.conditions, target=target))

    def as_keras(self, text: str, engine: str, *, jit_compile: bool) -> Case:
        """The same with Keras's module, on that engine."""
        target = replace(self.conditions.target, engine=engine)
        return replace(self, conditions=replace(self.conditions, target=target), module=KerasModule(text, jit_compile))


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured, in seconds and bytes. memory_of: how peak memory is known."""

    engine: str
    device: str
    import_s: float
    first_step_s: float
    step_s: float
    steps: int
    memory_bytes: int | None
    memory_of: str | None
    peak_flops_per_s: float


def case_of(model: Model, params: Mapping[str, Any], preset: str | None, conditions: Conditions) -> Case:
    """The case of a spec's file. Raises SpecError where it cannot be trained as it says, ExecutionError where a size is
    not known; imports no framework. Without `train` the model is measured in inference."""
    if model.elaborated.graph is None:
        raise ExecutionError(f"{model.name} has no model to run", help="give the spec a `model`")
    plan = None if conditions.inference or model.spec.train is None else checked_plan(model)
    if plan is not None and conditions.frozen:
        raise ExecutionError("weights that training moves cannot be constants", help="--inference measures inference")
    target = conditions.target if plan is None else conditions.target.as_planned(plan)
    conditions = replace(conditions, target=suited(target, model))
    batch = _batch(model, conditions.batch)
    sizes = sizes_for(model, batch)
    return Case(
        spec=str(_path(model)),
        params=dict(params),
        preset=preset,
        conditions=conditions,
        batch=batch,
        training=plan is not None,
        flops=_flops(model, sizes, training=plan is not None),
        inputs=input_feeds(model, sizes),
        targets=target_feeds(model, plan, sizes) if plan else {},
    )


def _path(model: Model) -> Path:
    path = model.spec.source.path
    if path is None:
        raise ExecutionError(f"{model.name} has no file", help="another process reads it: write it to a file")
    return path


def _batch(model: Model, asked: int | None) -> int:
    """The batch asked for, the one that the inputs fix, or the spec's."""
    fixed = None if model.batch_symbols else fixed_batch(model)
    if fixed is not None and asked not in (None, fixed):
        raise ExecutionError(f"{model.name}: the inputs have batches of {fixed}, not {asked}", help="leave out --batch")
    return asked or fixed or (32 if model.plan is None else model.plan.batch_size)


def _flops(model: Model, sizes: BoundSizes, *, training: bool) -> int | None:
    forward = model.cost.flops
    return None if forward is None else evaluate(forward, sizes) * (TRAINING_FORWARDS if training else 1)
