"""Owns the interface of an engine: what compiles a program's functions for a device, and what a training run under
way can do. Knows no framework; TensorFlow and JAX implement it beside this file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from netwright.backends.xla.leaves import Arrays

if TYPE_CHECKING:
    from netwright.backends.xla.data.examples import Examples
    from netwright.backends.xla.loops import Loop
    from netwright.backends.xla.objective import Objective
    from netwright.backends.xla.program import Program

#: one step of a loop: (carried, one entry of each sequence) -> (carried, what is kept of the step)
Step = Callable[[Sequence[Any], Sequence[Any]], tuple[Sequence[Any], Sequence[Any]]]
#: (outputs, targets, sample weights or none) -> scalar, in backend tensors; arrays by name
Loss = Callable[[Arrays, Arrays, Any], Any]


@dataclass(slots=True)
class Batch:
    """One batch: arrays by input and target name, and a weight for each example or none. Batches of one shape share one
    compiled program, so a last short batch is better padded, its padding weighing 0, or dropped."""

    inputs: Arrays
    targets: Arrays
    weights: Any = None

    @property
    def size(self) -> int:
        """The number of rows."""
        return int(next(iter(self.inputs.values())).shape[0])


@dataclass(frozen=True, slots=True)
class Metric:
    """A keras.metrics.Metric over one output and one target, shown as `name`."""

    name: str
    output: str
    target: str
    metric: Any


class Executable(Protocol):
    """A compiled program."""

    def hlo(self) -> str:
        """Its text after optimization; each operation's metadata say what it comes from."""

    def held_bytes(self) -> int | None:
        """What it holds on the device at most: arguments, results, intermediate arrays. None where the compiler does
        not say."""


class Compiled(Protocol):
    """A function as one XLA program for each shape of its arguments, on a device."""

    def __call__(self, *arguments: Any) -> Any:
        """Run it."""

    def executable(self, *arguments: Any) -> Executable:
        """The program for such arguments; quick where it has run on such."""


class Bound:
    """A compiled function that holds its first arguments, on the device."""

    def __init__(self, compiled: Compiled, *held: Any) -> None:
        self._compiled = compiled
        self._held = held

    def __call__(self, *arguments: Any) -> Any:
        return self._compiled(*self._held, *arguments)

    def executable(self, *arguments: Any) -> Executable:
        return self._compiled.executable(*self._held, *arguments)


class Training(Protocol):
    """A training run under way: weights, state, optimizer and metrics, held where the engine computes. `step` and
    `evaluate` are each one XLA program."""

    @property
    def objective(self) -> Objective:
        """What it makes small."""

    def step(self, batch: Batch) -> None:
        """One step of the optimizer; adds to the metrics. Does not wait for the device."""

    def place_examples(self, examples: Examples) -> None:
        """Bring all examples to the device, for `steps`."""

    def steps(self, rows: Any, count: int) -> None:
        """The same as `step` for `count` batches of the examples placed, in one launch: those of the first rows of
        i32[most, batch]. It is one program for all counts."""

    def evaluate(self, batch: Batch) -> None:
        """Adds the batch to the metrics, in inference."""

    def wait(self) -> None:
        """Until the device has done all steps."""

    def executable(self, batch: Batch) -> Executable:
        """The program that `step` runs on such a batch; quick where it has run on one."""

    def results(self) -> dict[str, float]:
        """'loss' and the metrics over what was seen since `reset_metrics`; waits for the device."""

    def reset_metrics(self) -> None:
        """Forget what was seen."""

    def finish(self) -> None:
        """Training is over: where the optimizer keeps a moving average of the weights, it takes their place."""

    def arrays(self) -> Arrays:
        """Weights and state by path, as NumPy arrays."""

    def load_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Replace weights and state."""

    def snapshot(self) -> Arrays:
        """All that a later run needs to go on as if it had not stopped, as NumPy arrays: `arrays()`, the optimizer's
        and what the metrics have counted."""

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from a snapshot. Raises ExecutionError if it is of another model or optimizer."""

    @property
    def learning_rate(self) -> float:
        """The optimizer's, now."""

    @learning_rate.setter
    def learning_rate(self, value: float) -> None: ...


class Engine(Protocol):
    """A framework that compiles with XLA, for one device."""

    name: str
    device: str
    #: what the framework raises where it cannot compile or run a program
    refusals: tuple[type[Exception], ...]

    def host(self) -> AbstractContextManager[Any]:
        """Where arrays stand that no program reads: the memory of the CPU."""

    def place(self) -> AbstractContextManager[Any]:
        """Where arrays are made and programs run: the device."""

    def scope(self, path: str) -> AbstractContextManager[Any]:
        """What is traced inside comes from this path: the program's metadata say so (`scopes.py` reads them)."""

    def put(self, tree: Any) -> Any:
        """A tree of arrays, on the device."""

    def at_once(self, make: Callable[[], Any]) -> Any:
        """The tree of tensors that a function makes; by one program where each operation would be compiled."""

    def compiled(self, function: Callable[..., Any]) -> Compiled:
        """The function, compiled for the device."""

    def compile_forward(self, program: Program) -> Compiled:
        """(weights, state, inputs) -> outputs in inference, one XLA program for each shape of the inputs. Takes and
        gives arrays by path or name; NumPy's or the engine's."""

    def compile_inference(self, program: Program, arrays: Arrays, *, frozen: bool) -> Compiled:
        """The same of the inputs alone. `frozen`: where the engine's programs are then faster, the arrays are constants
        of them. Raises ExecutionError if these are too large for that."""

    def value_and_grad(self, function: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[tuple[Any, Any], Arrays]]:
        """(weights, ...) -> ((loss, rest), gradients by path) of a function (weights, ...) -> (loss, rest); to be
        called inside what is compiled."""

    def computed_again(self, function: Callable[..., Sequence[Any]]) -> Callable[..., Sequence[Any]]:
        """A pure function of tensors, of which the backward pass keeps the arguments alone and computes the rest again;
        to be called inside what is compiled. It may be traced more than once."""

    def scan(
        self, step: Step, carried: Sequence[Any], sequences: Sequence[Any], like: Sequence[Any], count: int
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """A loop over the first axis of the sequences, of size `count`, whose gradient is compiled too; to be called
        inside what is compiled. Gives what the last step carries, and what all steps keep, stacked; `like` are arrays
        such as one step keeps."""

    def runs_as_loop(self, loop: Loop) -> bool:
        """Whether copies of a body are better one loop than laid out (`docs/performance.md` has the figures)."""

    def room(self) -> int | None:
        """Bytes of memory on the device; none where it does not say."""

    def loops_steps(self, program: Program) -> bool:
        """Whether steps of the program are as fast in a loop as one by one."""

    def compile_training(
        self, program: Program, arrays: Arrays, loss: Loss, optimizer: Any, metrics: Sequence[Metric]
    ) -> Training:
        """A training run that begins with these weights and states. `optimizer` is a Keras optimizer, not yet built."""

    def wait(self, arrays: Any) -> None:
        """Until the device has made the arrays."""

    def peak_memory(self) -> int | None:
        """The most bytes that the device has held so far; none where it keeps no count."""

    def operation_times(self, run: Callable[[], None]) -> Mapping[str, float]:
        """Seconds that each operation takes on the device while `run` runs, by its name in the program's text."""

    def numpy(self, array: Any) -> Any:
        """The array as NumPy's; waits for the device."""
