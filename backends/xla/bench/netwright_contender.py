"""Owns Netwright's side of a measurement: from a spec's file to steps of its program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.bench.case import Case
from netwright.backends.xla.engines.engine import Batch, Engine, Executable

if TYPE_CHECKING:
    from netwright.compiler.model import Model

Arrays = dict[str, Any]


class TrainingContender:
    """Training as `netwright train` does it: forward, backward, optimizer and metrics in one program."""

    def __init__(self, case: Case, inputs: Arrays, targets: Arrays) -> None:
        self._case = case
        self.batch = Batch(inputs, targets)

    def begin(self) -> None:
        from netwright.backends.xla.train import Settings, checked_plan, compile_run

        conditions = self._case.conditions
        model = _compiled(self._case)
        settings = Settings(conditions.target)
        self.program, self.training, _ = compile_run(model, checked_plan(model), settings, conditions.seed)

    def step(self) -> None:
        self.training.step(self.batch)
        self.training.wait()

    def executable(self) -> Executable:
        return self.training.executable(self.batch)


class ForwardContender:
    """Inference as `netwright.Inference` does it, but that inputs are not checked."""

    def __init__(self, case: Case, engine: Engine, inputs: Arrays) -> None:
        self._case = case
        self._engine = engine
        self._inputs = inputs

    def begin(self) -> None:
        from netwright.backends.xla.run import compile_inference

        model, conditions = _compiled(self._case), self._case.conditions
        self._forward = compile_inference(
            model, self._engine, conditions.target, seed=conditions.seed, frozen=conditions.frozen
        )

    def step(self) -> None:
        for output in self._forward(self._inputs).values():
            self._engine.numpy(output)

    def executable(self) -> Executable:
        return self._forward.executable(self._inputs)


def netwright_contender(
    case: Case, engine: Engine, inputs: Arrays, targets: Arrays
) -> TrainingContender | ForwardContender:
    """What runs the case as it says."""
    return TrainingContender(case, inputs, targets) if case.training else ForwardContender(case, engine, inputs)


def _compiled(case: Case) -> Model:
    from netwright.compiler.model import compile

    return compile(Path(case.spec), params=case.params, preset=case.preset)
