"""Owns `netwright bench`: the cases of a spec, each measured in a process of its own so that none warms another, and
the report of them (docs/json.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from math import inf
from multiprocessing import get_context
from signal import SIG_DFL, SIGINT, signal
from typing import TYPE_CHECKING, Any, TypeVar

from netwright.backends.keras.emit import emit
from netwright.backends.xla.bench.case import Case, Timing
from netwright.backends.xla.bench.measure import measure
from netwright.backends.xla.errors import ExecutionError

if TYPE_CHECKING:
    from netwright.compiler.model import Model

Given = TypeVar("Given")
Found = TypeVar("Found")
#: what Keras can be told of jit_compile: JAX without it runs operation by operation, which is never its best
JIT_CHOICES = {"tensorflow": (True, False), "jax": (True,)}
#: figures whose ratio says something, Keras's to ours
COMPARED = ("first_step_s", "step_s")


def apart(function: Callable[[Given], Found], given: Given) -> Found:
    """What the function gives in a new process. Raises what it raises, and ExecutionError where the process dies."""
    context = get_context("spawn")
    with ProcessPoolExecutor(1, context, initializer=signal, initargs=(SIGINT, SIG_DFL)) as pool:
        try:
            return pool.submit(function, given).result()
        except BrokenProcessPool as error:
            help = "it may have run out of memory: try a smaller --batch"
            raise ExecutionError("the process that measured has died", help=help) from error


def bench(model: Model, case: Case, *, against_keras: bool = False) -> dict[str, Any]:
    """The figures of a case, and with `against_keras` those of its emitted module on the same backend, the fastest step
    first."""
    ours = apart(measure, case)
    report = {
        "spec": case.spec,
        "engine": ours.engine,
        "device": ours.device,
        "batch": case.batch,
        "mode": "training" if case.training else "inference",
        "peak_flops_per_s": ours.peak_flops_per_s,
        **figures(case, ours, ours.peak_flops_per_s),
    }
    if against_keras:
        report["vs"] = sorted(_keras_rows(model, case, ours), key=lambda row: row.get("step_s", inf))
    return report


def _keras_rows(model: Model, case: Case, ours: Timing) -> Iterator[dict[str, Any]]:
    text = emit(model, train=case.training)
    for jit_compile in JIT_CHOICES[ours.engine]:
        row = {"what": "keras", "jit_compile": jit_compile}
        try:
            theirs = apart(measure, case.as_keras(text, ours.engine, jit_compile=jit_compile))
        except ExecutionError as error:
            yield {**row, "error": error.message}
        else:
            ratios = {name: getattr(theirs, name) / getattr(ours, name) for name in COMPARED}
            yield {**row, **figures(case, theirs, ours.peak_flops_per_s), "ratios": ratios}


def figures(case: Case, timing: Timing, peak: float) -> dict[str, Any]:
    """What a measurement comes to."""
    flops_per_s = None if case.flops is None else case.flops / timing.step_s
    return {
        "import_s": timing.import_s,
        "first_step_s": timing.first_step_s,
        "step_s": timing.step_s,
        "steps": timing.steps,
        "examples_per_s": case.batch / timing.step_s,
        "flops_per_s": flops_per_s,
        "peak_share": None if flops_per_s is None else flops_per_s / peak,
        "peak_memory_bytes": timing.memory_bytes,
        "peak_memory_of": timing.memory_of,
    }
