"""Owns `netwright evaluate`: loss and metrics of trained weights over examples, in inference, through one XLA
program."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.data.examples import Examples
from netwright.backends.xla.errors import ExecutionError, memory_faults
from netwright.backends.xla.support import check_compiled
from netwright.backends.xla.target import ANY, Target
from netwright.backends.xla.train import checked_plan, fixed_batch, planned_data
from netwright.backends.xla.training.figures import build_loss, build_metrics
from netwright.backends.xla.training.loop import as_json
from netwright.compiler.training.optimizers import SGD
from netwright.compiler.training.plan import DataSource
from netwright.dsl.records import replace

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine, Training
    from netwright.compiler.model import Model
    from netwright.compiler.training.plan import Plan

PARTS = ("test", "validation", "train", "all")
_KINDS = {".npz": "npz", ".csv": "csv"}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is evaluated, and where. `data` replaces the spec's, all of it; `part` is one of PARTS, none for the test
    examples, or all where the spec holds none back. `seed` is that of the run, which split the examples; none of these
    leaves it to the spec."""

    weights: Path
    data: Path | None = None
    part: str | None = None
    target: Target = ANY
    batch_size: int | None = None
    seed: int | None = None


@memory_faults()
def evaluate(model: Model, asked: Evaluation) -> dict[str, Any]:
    """Loss and metrics as `netwright evaluate --format json` prints them.

    Raises SpecError where plan, data or targets are wrong, ExecutionError where weights, data, engine or device do not
    fit, or memory is used up."""
    plan = checked_plan(model)
    if not asked.weights.is_file():
        raise ExecutionError(f"{asked.weights}: no such file; expected a .weights.h5 that `train` saved")
    seed = plan.seed if asked.seed is None else asked.seed
    part, examples = _examples(model, plan, asked, seed)
    fixed = fixed_batch(model)
    size = fixed or asked.batch_size or plan.batch_size
    if fixed is not None and len(examples) < fixed:
        raise ExecutionError(f"the inputs have batches of {fixed}: found {len(examples)} examples")
    engine, training = _compiled(model, plan, asked, seed)
    for batch in examples.batches(size, whole=fixed is not None):
        training.evaluate(batch)
    return {
        "part": part,
        "examples": len(examples) - (len(examples) % fixed if fixed else 0),
        "figures": as_json(training.results()),
        "engine": engine.name,
        "device": engine.device,
        "batch_size": size,
        "seed": seed,
    }


# ---------------------------------------------------------------- examples


def _examples(model: Model, plan: Plan, asked: Evaluation, seed: int) -> tuple[str, Examples]:
    """The examples asked for, and what part of the data they are."""
    if asked.data is not None:
        return "all", _given(model, plan, asked.data, seed)
    data = planned_data(model, plan, seed)
    part = asked.part or ("all" if data.test is None else "test")
    if part == "all":
        return part, planned_data(model, _whole(plan), seed).train
    found = getattr(data, part)
    if found is None:
        raise ExecutionError(f"the spec holds back no {part} examples", help=f"split: {{{part}: 0.2}}, or --part all")
    return part, found


def _whole(plan: Plan, **changes: Any) -> Plan:
    """The plan with all examples of its data, or of others, in one part."""
    source = plan.data or DataSource("npz", "", plan.span)
    return replace(plan, data=replace(source, validation=0.0, test=0.0, shuffle=False, **changes))


def _given(model: Model, plan: Plan, path: Path, seed: int) -> Examples:
    """The examples of a file or folder, which are matched as the spec says of its own."""
    kind = "images" if path.is_dir() else _KINDS.get(path.suffix)
    if kind is None:
        raise ExecutionError(f"{path}: expected an .npz or .csv file, or a folder of images")
    options = plan.data.options if plan.data and plan.data.kind == kind else {}
    given = _whole(plan, kind=kind, name=path.name, options=options)
    data = planned_data(model, given, seed, path.absolute().parent)
    if data.classes:
        _check_classes(path, data.classes, planned_data(model, plan, seed).classes)
    return data.train


def _check_classes(path: Path, found: dict[str, list[str]], learnt: dict[str, list[str]]) -> None:
    """Words became class numbers by their order among all that are there: a word missing would shift them."""
    for output, words in found.items():
        if learnt.get(output) != words:
            known = ", ".join(learnt.get(output, ())) or "numbers"
            message = f"{path}: '{output}' has the classes {', '.join(words)}; those learnt are {known}"
            raise ExecutionError(message, help="give examples of every class, or class numbers")


# ---------------------------------------------------------------- the program


def _compiled(model: Model, plan: Plan, asked: Evaluation, seed: int) -> tuple[Engine, Training]:
    """The program with the weights; its optimizer, which nothing uses, keeps nothing beside them."""
    from netwright.backends.keras.objects import keras_object
    from netwright.backends.xla.engines.selection import load_engine, suited
    from netwright.backends.xla.folding import folded
    from netwright.backends.xla.initialization import initial_arrays
    from netwright.backends.xla.program import Program
    from netwright.backends.xla.weights import load_weights

    target = suited(asked.target.as_planned(plan), model)
    engine = load_engine(target)
    program = Program(model, engine, target)
    check_compiled(program.sites, engine.name, training=False)
    metrics = build_metrics(plan)
    loaded = load_weights(program, asked.weights)
    with engine.place():
        program, arrays = folded(program, initial_arrays(program, seed, loaded), penalized=True)
        optimizer = keras_object(SGD({}))
    return engine, engine.compile_training(program, arrays, build_loss(plan.losses), optimizer, metrics)
