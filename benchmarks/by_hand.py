"""What the networks that are written by hand in JAX share: the clock."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import jax

Arrays = dict[str, Any]
STEPS = 20


def measured(begin: Callable[[], Any], step: Callable[..., Any], *batch: Any) -> None:
    """Print the seconds to the first step, and of a step. begin() -> held; step(held, *batch) -> (held, loss)."""
    batch = jax.device_put(batch)
    began = time.perf_counter()
    held = begin()
    compiled = jax.jit(step, donate_argnums=0)
    times = []
    for _ in range(STEPS + 2):
        held, loss = compiled(held, *batch)
        loss.block_until_ready()
        times.append(time.perf_counter())
    steps = [after - before for before, after in pairwise(times[1:])]
    print(json.dumps({"first_step_s": times[0] - began, "step_s": median(steps), "loss": float(loss)}))
