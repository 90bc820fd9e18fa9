"""Owns the TensorFlow engine: programs compiled by XLA, or graphs of TensorFlow's own kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf

from netwright.backends.xla.engines.engine import Bound, Compiled, Loss, Metric, Step
from netwright.backends.xla.engines.scopes import scope_name
from netwright.backends.xla.engines.tensorflow_compiled import TensorFlowFunction
from netwright.backends.xla.engines.tensorflow_loops import computed_again, scan
from netwright.backends.xla.engines.tensorflow_training import TensorFlowTraining
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.leaves import Arrays
from netwright.backends.xla.loops import Loop
from netwright.backends.xla.objective import Objective, with_loss
from netwright.backends.xla.program import Program
from netwright.backends.xla.small import is_small

#: copies from which on the compilation that a loop saves is worth its slower steps on the CPU
_WORTH_A_LOOP = 8
#: bytes of constants; a graph of TensorFlow's takes 2 GiB
_MOST_CONSTANTS = 2**30


class TensorFlowEngine:
    """Keras on TensorFlow, compiled by `tf.function` for one device."""

    name = "tensorflow"
    refusals = (tf.errors.OpError,)

    def __init__(self, device: str, jit: str) -> None:
        self.device = _find_device(device)
        self._jit = jit
        self._place = f"/{self.device}:0"

    def host(self) -> AbstractContextManager[Any]:
        return tf.device("/cpu:0")  # type: ignore[no-any-return]

    def place(self) -> AbstractContextManager[Any]:
        return tf.device(self._place)  # type: ignore[no-any-return]

    def numpy(self, array: Any) -> Any:
        return np.asarray(array)

    def scope(self, path: str) -> AbstractContextManager[Any]:
        return tf.name_scope(f"{scope_name(path)}/")  # type: ignore[no-any-return]

    def wait(self, arrays: Any) -> None:
        tf.test.experimental.sync_devices()

    def peak_memory(self) -> int | None:
        return int(tf.config.experimental.get_memory_info("GPU:0")["peak"]) if self.device == "gpu" else None

    def operation_times(self, run: Callable[[], None]) -> Mapping[str, float]:
        from netwright.backends.xla.engines.tensorflow_profile import operation_times

        return operation_times(run)

    def put(self, tree: Any) -> Any:
        with self.place():
            return tf.nest.map_structure(tf.convert_to_tensor, tree)

    def at_once(self, make: Callable[[], Any]) -> Any:
        return make()

    def compiled(self, function: Callable[..., Any], jit: bool = True) -> TensorFlowFunction:
        return TensorFlowFunction(function, self.device, jit)

    def compile_forward(self, program: Program) -> TensorFlowFunction:
        def forward(weights: Arrays, state: Arrays, inputs: Arrays) -> Arrays:
            return program.forward(weights, state, inputs).outputs

        return self.compiled(forward, self.uses_xla(program))

    def compile_inference(self, program: Program, arrays: Arrays, *, frozen: bool) -> Compiled:
        if not frozen or self.uses_xla(program):
            return Bound(self.compile_forward(program), *self.put(program.split(arrays)))
        kernels = {path: array for path, array in arrays.items() if array.ndim > 1}
        _check_constants(kernels)

        # oneDNN brings a kernel into its own layout once if it is a constant, else in every call. A constant bias that
        # is 0 would be left out, and what follows it not be fused with the kernel's operation
        def forward(rest: Arrays, inputs: Arrays) -> Arrays:
            weights, state = program.split({**tf.nest.map_structure(tf.constant, kernels), **rest})
            return program.forward(weights, state, inputs).outputs

        rest = self.put({path: array for path, array in arrays.items() if path not in kernels})
        return Bound(self.compiled(forward, jit=False), rest)

    def uses_xla(self, program: Program) -> bool:
        """On the CPU TensorFlow's own kernels are faster, but for what is over so soon that starting them takes
        longer."""
        if self._jit == "auto":
            return self.device != "cpu" or is_small(program.model)
        return self._jit == "on"

    def value_and_grad(self, function: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[tuple[Any, Any], Arrays]]:
        def both(weights: Arrays, *arguments: Any) -> tuple[tuple[Any, Any], Arrays]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                value, rest = function(weights, *arguments)
            gradients = tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            # what `gather` leaves sparse, optimizers would make dense again
            return (value, rest), {path: tf.convert_to_tensor(gradient) for path, gradient in gradients.items()}

        return both

    def computed_again(self, function: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        return computed_again(function)

    def scan(
        self, step: Step, carried: Sequence[Any], sequences: Sequence[Any], like: Sequence[Any], count: int
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        return scan(step, carried, sequences, like, count)

    def runs_as_loop(self, loop: Loop) -> bool:
        return loop.count >= _WORTH_A_LOOP or self.device != "cpu"

    def loops_steps(self, program: Program) -> bool:
        return True

    def room(self) -> int | None:
        return None

    def compile_training(
        self, program: Program, arrays: Arrays, loss: Loss, optimizer: Any, metrics: Sequence[Metric]
    ) -> TensorFlowTraining:
        with self.place():
            return TensorFlowTraining(self, Objective(program, loss), arrays, optimizer, with_loss(metrics))


def _check_constants(arrays: Arrays) -> None:
    size = sum(array.nbytes for array in arrays.values())
    if size > _MOST_CONSTANTS:
        message = (
            f"{size:,} bytes of weights cannot be constants of a TensorFlow graph, at most {_MOST_CONSTANTS:,} can"
        )
        raise ExecutionError(message, help="leave `frozen` out")


def _find_device(name: str) -> str:
    gpus = tf.config.list_physical_devices("GPU")
    tf.config.list_logical_devices()  # starts the devices
    if name == "gpu" and not gpus:
        help = "TensorFlow needs its CUDA libraries to use a GPU: pip install 'tensorflow[and-cuda]'"
        raise ExecutionError("TensorFlow sees no gpu here, it sees: cpu", help=help)
    return "gpu" if gpus and name != "cpu" else "cpu"
