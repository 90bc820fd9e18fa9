"""Owns `netwright profile`: the time that each operation of a step takes, brought back to the places of the spec that
they come from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from netwright.backends.xla.bench.case import Case
from netwright.backends.xla.bench.hlo import Origin, origins
from netwright.backends.xla.bench.measure import made_batch, refusing, steady
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.engines.startup import quiet_start
from netwright.backends.xla.errors import ExecutionError

if TYPE_CHECKING:
    from netwright.backends.xla.bench.netwright_contender import ForwardContender, TrainingContender
    from netwright.backends.xla.engines.engine import Engine


@dataclass(slots=True)
class Profile:
    """Seconds of one step: as a whole, and of its operations by what they come from, none for what comes from no
    place."""

    engine: str
    device: str
    step_s: float
    seconds: dict[Origin | None, float] = field(default_factory=dict)


def profile(case: Case) -> Profile:
    """Profile the case in this process, compiled by XLA. Raises SpecError and ExecutionError where it cannot be run."""
    case = case.with_xla()
    engine = load_engine(case.conditions.target)
    from netwright.backends.xla.bench.netwright_contender import netwright_contender

    with refusing(case, engine):
        contender = netwright_contender(case, engine, *made_batch(case, engine))
        with quiet_start():
            contender.begin()
            contender.step()
        step_s = median(steady(contender, case))
        return Profile(engine.name, engine.device, step_s, _seconds(case, engine, contender))


def _seconds(case: Case, engine: Engine, contender: TrainingContender | ForwardContender) -> dict[Origin | None, float]:
    """Means over the steps."""
    steps = case.conditions.steps

    def run() -> None:
        for _ in range(steps):
            contender.step()

    with quiet_start():
        known = origins(contender.executable().hlo())
        times = engine.operation_times(run)
    seconds: dict[Origin | None, float] = defaultdict(float)
    for operation, time in times.items():
        if operation in known:
            seconds[known[operation]] += time / steps
    if not seconds:
        raise ExecutionError(f"the profiler of {engine.name} shows no operations of the step on {engine.device}")
    return seconds
