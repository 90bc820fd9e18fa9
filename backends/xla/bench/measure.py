"""Owns one measurement, in the process it is alone in: the clock, what is counted, and the device's peak. What is
measured is a contender's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.bench.case import Case, Timing
from netwright.backends.xla.engines.selection import load_engine
from netwright.backends.xla.engines.startup import quiet_start
from netwright.backends.xla.errors import ExecutionError

if TYPE_CHECKING:
    from netwright.backends.xla.bench.contender import Contender
    from netwright.backends.xla.engines.engine import Engine

Arrays = dict[str, Any]
#: steps after the first that are not timed
WARM_UP = 2
#: side of the square matrices whose product is the device's peak; times it is taken
SIDES = {"cpu": 2048, "gpu": 8192}
PRODUCTS = 8


def measure(case: Case) -> Timing:
    """Measure the case. Raises SpecError and ExecutionError where it cannot be run."""
    began = perf_counter()
    engine = load_engine(case.conditions.target)
    imported = perf_counter() - began
    with refusing(case, engine):
        return _timing(case, engine, imported)


@contextmanager
def refusing(case: Case, engine: Engine) -> Iterator[None]:
    """What the framework raises where it cannot run the case is an ExecutionError."""
    refusals: tuple[type[Exception], ...] = (MemoryError, *engine.refusals)
    try:
        yield
    except refusals as error:
        reason = str(error).strip().splitlines()[0]
        raise ExecutionError(f"{case.spec}: {engine.name} cannot run it: {reason}") from None


def _timing(case: Case, engine: Engine, imported: float) -> Timing:
    """The clock for the first step begins once framework and data are there."""
    contender = _contender(case, engine)
    resident = _peak_resident()
    began = perf_counter()
    with quiet_start():
        contender.begin()
        contender.step()
    first = perf_counter() - began
    times = steady(contender, case)
    memory, memory_of = _memory(engine, contender, resident)
    return Timing(
        engine=engine.name,
        device=engine.device,
        import_s=imported,
        first_step_s=first,
        step_s=median(times),
        steps=len(times),
        memory_bytes=memory,
        memory_of=memory_of,
        peak_flops_per_s=_peak_flops(engine),
    )


def _contender(case: Case, engine: Engine) -> Contender:
    batch = made_batch(case, engine)
    if case.module is not None:
        from netwright.backends.xla.bench.keras_contender import KerasContender

        return KerasContender(case, case.module, engine, *batch)
    from netwright.backends.xla.bench.netwright_contender import netwright_contender

    return netwright_contender(case, engine, *batch)


def made_batch(case: Case, engine: Engine) -> tuple[Arrays, Arrays]:
    """Inputs and targets, on the device from now on."""
    import numpy as np

    rng = np.random.default_rng(case.conditions.seed)
    return _on_device(case.inputs, engine, rng), _on_device(case.targets, engine, rng)


def _on_device(feeds: Any, engine: Engine, rng: Any) -> Arrays:
    import keras

    with engine.place():
        return {name: keras.ops.convert_to_tensor(feed.made(rng)) for name, feed in feeds.items()}


def steady(contender: Contender, case: Case) -> list[float]:
    """The times of steps once the first is done."""
    for _ in range(WARM_UP):
        contender.step()
    until = perf_counter() + case.conditions.seconds
    times: list[float] = []
    while not times or (len(times) < case.conditions.steps and perf_counter() < until):
        began = perf_counter()
        contender.step()
        times.append(perf_counter() - began)
    return times


# ---------------------------------------------------------------- memory


def _memory(engine: Engine, contender: Contender, resident: int | None) -> tuple[int | None, str | None]:
    """Bytes, and how they are known: the device's own statistics, else the compiler's plan, else the process."""
    peak = engine.peak_memory()
    if peak is not None:
        return peak, "device"
    executable = contender.executable()
    planned = None if executable is None else executable.held_bytes()
    if planned is not None:
        return planned, "program"
    now = _peak_resident()
    return (None, None) if now is None or resident is None else (now - resident, "process")


def _peak_resident() -> int | None:
    """The most bytes of memory that the process has had so far; none where the system does not say."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
    except OSError:
        return None
    return int(lines["VmHWM"].split()[0]) * 1024


# ---------------------------------------------------------------- the device's peak


def _peak_flops(engine: Engine) -> float:
    """FLOP/s of a product of large matrices in f32, the best of some."""
    import keras

    side = SIDES.get(engine.device, SIDES["gpu"])
    multiply = engine.compiled(keras.ops.matmul)
    with engine.place():
        a = keras.random.uniform((side, side), seed=0)
    engine.wait(multiply(a, a))
    return 2 * side**3 / min(_seconds(engine, multiply, a) for _ in range(PRODUCTS))


def _seconds(engine: Engine, multiply: Any, a: Any) -> float:
    began = perf_counter()
    engine.wait(multiply(a, a))
    return perf_counter() - began
