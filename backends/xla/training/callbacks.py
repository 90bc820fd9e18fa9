"""Owns the plan's callbacks: Keras's own objects, which watch a run through a stand-in for the Keras model that offers
what they use. What they cannot do here, or where they may not write, is a Diagnostic before anything is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from netwright.backends.keras.objects import keras_arguments, keras_object
from netwright.backends.xla.engines.engine import Metric, Training
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.program import Program
from netwright.backends.xla.training.figures import figure_names
from netwright.backends.xla.training.surroundings import Folder
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.training.plan import Plan
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree_paths import OutsideTree, path_in_tree

#: which attribute says where a callback writes
_FILES = {"csv_logger": "filename", "model_checkpoint": "filepath", "tensor_board": "log_dir"}
#: callbacks, and options of theirs, that reach into a Keras model for what a program does not have
_UNSUPPORTED = {
    "swap_ema_weights": {"": "swaps variables of Keras's optimizer"},
    "tensor_board": {
        "write_images": "takes weights out of a Keras model's layers",
        "profile_batch": "profiles Keras's own training loop",
        "embeddings_freq": "looks for a Keras model's embedding layers",
    },
}
#: what the loop does itself: a loss that is not a number always ends a run
_BUILT_IN = frozenset({"terminate_on_nan"})
#: Keras's word for the way a metric improves -> a callback's
_MODES: dict[str | None, str] = {"up": "max", "down": "min"}
#: what callbacks learn in a run, beside what they are configured to
_REMEMBERED = frozenset(
    "wait best best_epoch best_weights stopped_epoch cooldown_counter _batches_seen_since_last_saving _last_batch_seen "
    "_current_epoch written".split()
)


def check_callbacks(plan: Plan, folder: Path) -> None:
    """Raise SpecError for callbacks that cannot work: of a kind that needs a Keras model, watching a figure that this
    run does not have, writing outside the run's folder."""
    names = figure_names(plan)
    found = [fault for callback in plan.callbacks for fault in _faults(callback, names, folder)]
    if found:
        place = plan.places["callbacks"]
        raise SpecError([Diagnostic(code, message, place, help=help) for code, message, help in found])


def _faults(callback: Configuration, names: Sequence[str], folder: Path) -> list[tuple[str, str, str | None]]:
    kind = callback.name_in_flow
    found: list[tuple[str, str, str | None]] = []
    for option, why in _UNSUPPORTED.get(kind, {}).items():
        if not option or getattr(callback, option):
            help = "the script that `netwright emit --train` writes has it"
            message = f"{f'{option} of {kind}' if option else kind} {why}: direct training has none"
            found.append(("not-supported", message, help))
    monitor = getattr(callback, "monitor", None)
    if monitor is not None and _watches(callback) and monitor not in (*names, "learning_rate"):
        help = did_you_mean(monitor, names) or f"there are {', '.join(names)}"
        help = f"it needs `split: {{validation: ...}}`; {help}" if monitor.startswith("val_") else help
        found.append(("invalid-argument", f"{kind} watches '{monitor}', which this run does not have", help))
    if kind in _FILES:
        try:
            path_in_tree(getattr(callback, _FILES[kind]), folder)
        except OutsideTree:
            message = f"{kind} may write only below the run's folder"
            found.append(("path-outside-tree", message, f"`{_FILES[kind]}` is relative to it"))
    return found


def _watches(callback: Configuration) -> bool:
    return callback.name_in_flow != "model_checkpoint" or bool(getattr(callback, "save_best_only", False))


# ---------------------------------------------------------------- the stand-in


class _Optimizer:
    """What callbacks see of the optimizer."""

    def __init__(self, training: Training) -> None:
        self._training = training

    @property
    def learning_rate(self) -> float:
        return self._training.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._training.learning_rate = value


class WatchedModel:
    """What callbacks see of the model: weights to take, put back and save, and a switch that ends the run."""

    def __init__(self, program: Program, training: Training, folder: Folder) -> None:
        self.stop_training = False
        self.steps = 0
        self._folder = folder
        self.optimizer = _Optimizer(training)
        self._program = program
        self._training = training

    def arrays(self) -> Mapping[str, Any]:
        """Weights and state by path."""
        return self._training.arrays()

    def get_weights(self) -> list[Any]:
        return list(self._training.arrays().values())

    def set_weights(self, weights: list[Any]) -> None:
        self._training.load_arrays(dict(zip(self._training.arrays(), weights, strict=True)))

    def save_weights(self, filepath: str, overwrite: bool = True) -> None:
        from netwright.backends.xla.weights import save_weights

        with self._replacing(filepath) as path:
            save_weights(self._program, self._training.arrays(), path)

    def save(self, filepath: str, overwrite: bool = True) -> None:
        from netwright.backends.xla.weights import save_model

        with self._replacing(filepath) as path:
            save_model(self._program, self._training.arrays(), path)

    def _replacing(self, filepath: str) -> AbstractContextManager[Path]:
        return self._folder.replacing(str(Path(filepath).relative_to(self._folder.path)))


# ---------------------------------------------------------------- running them


class Callbacks:
    """The callbacks of a run under way."""

    def __init__(self, plan: Plan, model: WatchedModel, metrics: Sequence[Metric], folder: Path) -> None:
        modes = {"loss": "min"} | {each.name: _MODES.get(getattr(each.metric, "_direction", None)) for each in metrics}
        wanted = [callback for callback in plan.callbacks if callback.name_in_flow not in _BUILT_IN]
        self.model = model
        self._callbacks = [_made(each, {**_file(each, folder), **_mode(each, modes)}) for each in wanted]
        self._each_step = [each for each in self._callbacks if _counts_steps(each)]
        for callback in self._callbacks:
            callback.set_params({"epochs": plan.epochs})
            callback.set_model(model)

    @property
    def watch_steps(self) -> bool:
        """Whether any looks at every step."""
        return bool(self._each_step)

    def begin(self, states: Sequence[Mapping[str, Any]]) -> None:
        """The run begins, or goes on with what `state` gave: some callbacks look at it then, others forget it."""
        nothing: Sequence[Mapping[str, Any]] = [{}] * len(self._callbacks)
        for callback, state in zip(self._callbacks, [*states, *nothing], strict=False):
            vars(callback).update(state)
            callback.on_train_begin()
            vars(callback).update(state)

    def epoch_begins(self, epoch: int) -> None:
        self._tell(lambda callback: callback.on_epoch_begin(epoch))

    def step_ends(self, step: int, steps: int, figures: Callable[[], Mapping[str, Any]]) -> None:
        """A step (from 0) of the epoch is over, and so many of the run; `figures` asks the device."""
        self.model.steps = steps
        for callback in self._each_step:
            if not isinstance(callback, _DueAtTimes) or callback.is_due():
                callback.on_train_batch_end(step, dict(figures()))

    def epoch_ends(self, epoch: int, figures: dict[str, Any]) -> bool:
        """Whether a callback ends the run. Callbacks may add figures."""
        self._tell(lambda callback: callback.on_epoch_end(epoch, figures))
        return self.model.stop_training

    def end(self) -> None:
        self._tell(lambda callback: callback.on_train_end())

    def _tell(self, event: Callable[[Any], None]) -> None:
        for callback in self._callbacks:
            event(callback)

    def state(self) -> list[dict[str, Any]]:
        """What each callback remembers: plain values, and weights as lists of arrays."""
        kept = _REMEMBERED
        return [{name: value for name, value in vars(each).items() if name in kept} for each in self._callbacks]


@runtime_checkable
class _DueAtTimes(Protocol):
    """A callback that says itself after which steps it wants figures."""

    def is_due(self) -> bool: ...


def _counts_steps(callback: Any) -> bool:
    return any(isinstance(getattr(callback, option, None), int) for option in ("save_freq", "update_freq"))


def _made(callback: Configuration, changes: dict[str, str]) -> Any:
    """Keras's callback, or ours where Keras's cannot go on."""
    own = _OWN.get(callback.name_in_flow)
    return keras_object(callback, **changes) if own is None else own()(**(keras_arguments(callback) | changes))


def _csv_log() -> Any:
    from netwright.backends.xla.training.logs import CSVLog

    return CSVLog


def _tensor_board_log() -> Any:
    from netwright.backends.xla.training.logs import TensorBoardLog

    return TensorBoardLog


_OWN: dict[str, Callable[[], Any]] = {"csv_logger": _csv_log, "tensor_board": _tensor_board_log}


def _file(callback: Configuration, folder: Path) -> dict[str, str]:
    """Where the callback writes."""
    name = _FILES.get(callback.name_in_flow)
    if name is None:
        return {}
    file = folder / getattr(callback, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    return {name: str(file)}


def _mode(callback: Configuration, modes: Mapping[str, str | None]) -> dict[str, str]:
    """Which way the callback's figure improves, where the spec leaves that to Keras, which looks into the model."""
    if getattr(callback, "mode", None) != "auto":
        return {}
    monitor = getattr(callback, "monitor", "")
    mode = modes.get(monitor.removeprefix("val_"), "min")
    if mode is None:
        message = f"{callback.name_in_flow} cannot know whether '{monitor}' is better when it is high or low"
        raise ExecutionError(message, help=f"{callback.name_in_flow}(..., mode=max), or mode=min")
    return {"mode": mode}
