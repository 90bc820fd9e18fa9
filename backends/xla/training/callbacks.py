"""Owns the plan's callbacks: Keras's own objects, which watch a run through a stand-in for the Keras model that offers
what they use. What they cannot do here, or where they may not write, is a Diagnostic before anything is compiled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from netwright.backends.keras.objects import keras_object
from netwright.backends.xla.engines.engine import Metric, Training
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.program import Program
from netwright.backends.xla.training.figures import figure_names
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.training.plan import Plan
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree_paths import OutsideTree, path_in_tree

#: which attribute says where a callback writes
_FILES = {"csv_logger": "filename", "model_checkpoint": "filepath"}
#: callbacks that reach into the Keras model for what a program does not have -> what to do without
_UNSUPPORTED = {
    "swap_ema_weights": "`use_ema=true` alone leaves the average in the weights when training ends; to evaluate with "
    "it before, the script that `netwright emit --train` writes has the callback",
    "tensor_board": "the script that `netwright emit --train` writes has it",
}
#: what the loop does itself: a loss that is not a number always ends a run
_BUILT_IN = frozenset({"terminate_on_nan"})
#: Keras's word for the way a metric improves -> a callback's
_MODES: dict[str | None, str] = {"up": "max", "down": "min"}
#: what callbacks learn in a run, beside what they are configured to
_REMEMBERED = frozenset(
    "wait best best_epoch best_weights stopped_epoch cooldown_counter _batches_seen_since_last_saving _last_batch_seen "
    "_current_epoch".split()
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
    if kind in _UNSUPPORTED:
        message = f"{kind} needs a Keras model, which direct training does not have"
        return [("not-supported", message, _UNSUPPORTED[kind])]
    found: list[tuple[str, str, str | None]] = []
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

    def __init__(self, program: Program, training: Training) -> None:
        self.stop_training = False
        self.optimizer = _Optimizer(training)
        self._program = program
        self._training = training

    def get_weights(self) -> list[Any]:
        return list(self._training.arrays().values())

    def set_weights(self, weights: list[Any]) -> None:
        self._training.load_arrays(dict(zip(self._training.arrays(), weights, strict=True)))

    def save_weights(self, filepath: str, overwrite: bool = True) -> None:
        from netwright.backends.xla.weights import save_weights

        save_weights(self._program, self._training.arrays(), Path(filepath))

    def save(self, filepath: str, overwrite: bool = True) -> None:
        from netwright.backends.xla.weights import save_model

        save_model(self._program, self._training.arrays(), Path(filepath))


# ---------------------------------------------------------------- running them


class Callbacks:
    """The callbacks of a run under way."""

    def __init__(self, plan: Plan, model: WatchedModel, metrics: Sequence[Metric], folder: Path) -> None:
        modes = {"loss": "min"} | {each.name: _MODES.get(getattr(each.metric, "_direction", None)) for each in metrics}
        wanted = [callback for callback in plan.callbacks if callback.name_in_flow not in _BUILT_IN]
        self.model = model
        self._callbacks = [keras_object(each, **_file(each, folder), **_mode(each, modes)) for each in wanted]
        self._each_step = [each for each in self._callbacks if isinstance(getattr(each, "save_freq", None), int)]
        for callback in self._callbacks:
            callback.set_params({"epochs": plan.epochs})
            callback.set_model(model)

    def begin(self, states: Sequence[Mapping[str, Any]]) -> None:
        """The run begins, or goes on with what `state` gave."""
        self._tell(lambda callback: callback.on_train_begin())
        for callback, state in zip(self._callbacks, states, strict=False):
            vars(callback).update(state)

    def epoch_begins(self, epoch: int) -> None:
        self._tell(lambda callback: callback.on_epoch_begin(epoch))

    def step_ends(self, step: int, figures: Callable[[], Mapping[str, Any]]) -> None:
        """A step (from 0) is over; `figures` asks the device."""
        for callback in self._each_step:
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
