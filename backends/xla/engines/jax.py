"""Owns the JAX engine: programs compiled by `jax.jit`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import jax
import numpy as np

from netwright.backends.xla.engines.engine import Bound, Loss, Metric, Step
from netwright.backends.xla.engines.jax_cache import keep_compiled
from netwright.backends.xla.engines.jax_compiled import JaxFunction
from netwright.backends.xla.engines.jax_rematerialization import computed_again
from netwright.backends.xla.engines.jax_training import JaxTraining
from netwright.backends.xla.engines.scopes import scope_name
from netwright.backends.xla.engines.startup import quiet_start
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.forms.jax_cpu import runs_in_loops
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.loops import Loop
from netwright.backends.xla.objective import Objective, with_loss
from netwright.backends.xla.program import Program
from netwright.compiler.ops.op import Op

#: copies on the CPU: a loop of fewer takes longer to compile than the copies laid out, and longer a step
_WORTH_A_LOOP = 4


class JaxEngine:
    """Keras on JAX, compiled by `jax.jit` for one device."""

    name = "jax"
    refusals = (jax.errors.JaxRuntimeError,)

    def __init__(self, device: str, jit: str) -> None:
        if jit == "off":
            help = "--engine tensorflow has kernels of its own"
            raise ExecutionError("the jax engine always compiles with XLA", help=help)
        keep_compiled()
        self._device = _find_device(device)
        self.device = "gpu" if self._device.platform in ("gpu", "cuda", "rocm") else self._device.platform

    @contextmanager
    def host(self) -> Iterator[None]:
        # some layers make Keras import TensorFlow where it is installed too, whatever the backend
        with quiet_start(), jax.default_device(jax.devices("cpu")[0]):
            yield

    def place(self) -> AbstractContextManager[Any]:
        return jax.default_device(self._device)  # type: ignore[no-any-return]

    def numpy(self, array: Any) -> Any:
        return np.asarray(array)

    def scope(self, path: str) -> AbstractContextManager[Any]:
        return jax.named_scope(scope_name(path))  # type: ignore[no-any-return]

    def wait(self, arrays: Any) -> None:
        jax.block_until_ready(arrays)

    def peak_memory(self) -> int | None:
        statistics = self._device.memory_stats()
        return None if statistics is None else statistics.get("peak_bytes_in_use")

    def operation_times(self, run: Callable[[], None]) -> Mapping[str, float]:
        from netwright.backends.xla.engines.jax_profile import operation_times

        return operation_times(run)

    def put(self, tree: Any) -> Any:
        return jax.device_put(tree, self._device)

    def at_once(self, make: Callable[[], Any]) -> Any:
        return jax.jit(make)()

    def compiled(self, function: Callable[..., Any]) -> JaxFunction:
        return JaxFunction(function, self._device)

    def compile_forward(self, program: Program) -> JaxFunction:
        return self.compiled(lambda weights, state, inputs: program.forward(weights, state, inputs).outputs)

    def compile_inference(self, program: Program, arrays: Arrays, *, frozen: bool) -> Bound:
        return Bound(self.compile_forward(program), *self.put(program.split(arrays)))

    def value_and_grad(self, function: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[tuple[Any, Any], Arrays]]:
        return jax.value_and_grad(function, has_aux=True)  # type: ignore[no-any-return]

    def computed_again(self, function: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        return computed_again(function)

    def scan(
        self, step: Step, carried: Sequence[Any], sequences: Sequence[Any], like: Sequence[Any], count: int
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        def body(before: list[Any], given: list[Any]) -> tuple[list[Any], list[Any]]:
            after, kept = step(before, given)
            return list(after), list(kept)

        return jax.lax.scan(body, list(carried), list(sequences), length=count)  # type: ignore[no-any-return]

    def runs_as_loop(self, loop: Loop) -> bool:
        return self._loops(loop.operators()) and (loop.count >= _WORTH_A_LOOP or self.device != "cpu")

    def loops_steps(self, program: Program) -> bool:
        return self._loops(site.node.op for site in program.sites)

    def _loops(self, operators: Iterable[Op]) -> bool:
        """Not convolutions on the CPU but those of `forms`: inside of a loop the gradients of others take many times as
        long."""
        return self.device != "cpu" or all(map(runs_in_loops, operators))

    def room(self) -> int | None:
        return (self._device.memory_stats() or {}).get("bytes_limit")

    def compile_training(
        self, program: Program, arrays: Arrays, loss: Loss, optimizer: Any, metrics: Sequence[Metric]
    ) -> JaxTraining:
        with self.place():
            return JaxTraining(self, Objective(program, loss), arrays, optimizer, with_loss(metrics))


def _find_device(name: str) -> Any:
    if name == "auto":
        return jax.devices()[0]
    try:
        return jax.devices(name)[0]
    except RuntimeError as error:
        found = ", ".join(sorted({device.platform for device in jax.devices()}))
        help = "JAX needs its CUDA plugin to use a GPU: pip install 'jax[cuda12]'"
        raise ExecutionError(f"JAX sees no {name} here, it sees: {found}", help=help) from error
