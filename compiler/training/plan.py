"""Owns the plan of a training: what the `train` section comes to once its expressions are evaluated and checked against
the model's outputs. Reads no data and imports no framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from netwright.compiler.elaborate import Elaborated, deep_recursion
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph
from netwright.compiler.ops.attributes import Attribute, AttributeFault
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.training import callbacks, losses, metrics, optimizers, schedules
from netwright.compiler.values import kind_of, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.records import entity, field
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean

#: modules whose import defines the objects that a plan may name
FAMILIES = (callbacks, losses, metrics, optimizers)


@entity
class DataSource:
    """Where the examples come from: `kind` is npz, csv, images or builtin, `name` the path as written or the set.
    `inputs` and `targets` give the arrays or columns by input and output; empty where the spec leaves it to names."""

    kind: str
    name: str
    span: Span
    inputs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    validation: float = 0.0
    test: float = 0.0
    shuffle: bool = True


@entity
class Plan:
    """How a model is trained. `losses` and `metrics` are by output; an output without a loss is not trained on."""

    span: Span
    data: DataSource | None = None
    losses: dict[str, Configuration] = field(default_factory=dict)
    metrics: dict[str, tuple[Configuration, ...]] = field(default_factory=dict)
    optimizer: Configuration = field(default_factory=lambda: optimizers.RMSprop({}))
    batch_size: int = 32
    epochs: int = 1
    callbacks: tuple[Configuration, ...] = ()
    seed: int = 0
    jit: bool = True
    remat: str = "none"
    precision: str = "f32"
    places: dict[str, Span] = field(default_factory=dict)


def plan_training(elaborated: Elaborated) -> Plan | None:
    """The plan of the spec's `train` section; None where it has none. Faults go to the session's diagnostics; so does
    the general form (`steps`), which this version does not run."""
    train = elaborated.main.spec.train
    if train is None or elaborated.graph is None:
        return None
    planning = _Planning(elaborated, train)
    with suppress(Poisoned), deep_recursion(elaborated.session):
        planning.run()
    return planning.plan


class _Planning:
    def __init__(self, elaborated: Elaborated, train: tree.Train) -> None:
        self.session: Session = elaborated.session
        self.train = train
        self.inputs = list(elaborated.inputs)
        self.outputs = list(elaborated.outputs)
        self.evaluator = Evaluator(elaborated.session, elaborated.env.inner(), Graph("train"))
        self.plan = Plan(train.span)

    def run(self) -> None:
        for name, setting in _SETTINGS.items():
            entry = self.train.get(name)
            if entry is not None:
                self.plan.places[name] = entry.span
                with suppress(Poisoned):
                    setting(self, entry)

    # ------------------------------------------------------------ objects

    def _object(self, expr: tree.Expr, kind: str) -> Configuration:
        """The loss, metric, ... that an expression names or configures."""
        attribute = Attribute(kind.lower(), kind, None)
        value = self.evaluator.calling.declaring.argument(expr, attribute)
        try:
            found: Configuration = attribute.convert(value, None)
        except AttributeFault as fault:
            message = f"expected {fault.expected}, found {kind_of(value)}"
            self.session.fail("invalid-argument", message, expr.span, help=fault.help)
        return found

    def _loss(self, entry: tree.Entry) -> None:
        if isinstance(entry.value, tree.Mapping):
            for each in entry.value.entries:
                self._known_output(each)
                self.plan.losses[each.name] = self._object(each.value, "Loss")
        else:
            loss = self._object(entry.value, "Loss")
            self.plan.losses = dict.fromkeys(self.outputs, loss)

    def _metrics(self, entry: tree.Entry) -> None:
        if isinstance(entry.value, tree.Mapping):
            for each in entry.value.entries:
                self._known_output(each)
                self.plan.metrics[each.name] = self._metric_list(each.value, each.name)
        else:
            for output in self.plan.losses or self.outputs:
                self.plan.metrics[output] = self._metric_list(entry.value, output)

    def _metric_list(self, expr: tree.Expr, output: str) -> tuple[Configuration, ...]:
        items = expr.items if isinstance(expr, tree.Sequence) else (expr,)
        return tuple(self._metric(item, output) for item in items)

    def _metric(self, expr: tree.Expr, output: str) -> Configuration:
        """`accuracy` alone means, as in Keras, the accuracy that fits the loss."""
        if isinstance(expr, tree.Name) and expr.id == "accuracy":
            loss = self.plan.losses.get(output)
            fitting = _ACCURACIES.get(loss.name_in_flow) if loss else None
            if fitting is not None:
                return fitting({})
        return self._object(expr, "Metric")

    def _known_output(self, entry: tree.Entry) -> None:
        if entry.name not in self.outputs:
            help = did_you_mean(entry.name, self.outputs) or f"it has {', '.join(self.outputs)}"
            self.session.fail("unknown-name", f"the model has no output '{entry.name}'", entry.span, help=help)

    def _optimizer(self, entry: tree.Entry) -> None:
        self.plan.optimizer = self._object(entry.value, "Optimizer")

    def _callbacks(self, entry: tree.Entry) -> None:
        items = entry.value.items if isinstance(entry.value, tree.Sequence) else (entry.value,)
        self.plan.callbacks = tuple(self._callback(item) for item in items)

    def _callback(self, expr: tree.Expr) -> Configuration:
        """A callback, which does not set a learning rate that a schedule sets."""
        found = self._object(expr, "Callback")
        rate = getattr(self.plan.optimizer, "learning_rate", None)
        if isinstance(found, callbacks.ReduceLROnPlateau) and isinstance(rate, schedules.Schedule):
            message = f"{found.name_in_flow} cannot set a learning rate that {rate.name_in_flow} sets"
            labels = (Label(self.plan.places["optimizer"], "the schedule"),)
            self.session.fail("invalid-argument", message, expr.span, labels=labels, help="keep one of the two")
        return found

    # ------------------------------------------------------------ numbers

    def _count(self, entry: tree.Entry) -> None:
        value = self.evaluator.evaluate(entry.value)
        if not isinstance(value, int) or isinstance(value, bool) or value < (0 if entry.name == "seed" else 1):
            found = show(value) if isinstance(value, (int, float)) else kind_of(value)
            message = f"'{entry.name}' is a positive integer, found {found}"
            self.session.fail("invalid-argument", message, entry.value.span)
        setattr(self.plan, entry.name, value)

    def _jit(self, entry: tree.Entry) -> None:
        self.plan.jit = self.evaluator.evaluate(entry.value) is not False

    def _word(self, entry: tree.Entry) -> None:
        setattr(self.plan, entry.name, str(self._plain(entry.value)))

    def _steps(self, entry: tree.Entry) -> None:
        self.session.fail(
            "not-supported",
            "training by several `steps` is not supported by this version",
            entry.span,
            help="the simple form has `loss` and `optimizer`",
        )

    # ------------------------------------------------------------ data

    def _data(self, entry: tree.Entry) -> None:
        value = entry.value
        if not isinstance(value, tree.Mapping):
            self.plan.data = DataSource("builtin", str(self._plain(value)), value.span)
            return
        settings = {each.name: each for each in value.entries}
        kind = next(name for name in ("npz", "csv", "images", "builtin") if name in settings)
        source = DataSource(kind, str(self._plain(settings.pop(kind).value)), value.span)
        for name, each in settings.items():
            self._data_setting(source, name, each)
        self.plan.data = source

    def _data_setting(self, source: DataSource, name: str, entry: tree.Entry) -> None:
        value = self._plain(entry.value)
        if name == "inputs" and isinstance(entry.value, tree.Mapping):
            self._known_inputs(entry.value)
        if name in ("inputs", "targets"):
            columns = {key: item if isinstance(item, tuple) else (item,) for key, item in value.items()}
            setattr(source, name, columns)
        elif name == "split":
            source.validation = float(value.get("validation", 0.0))
            source.test = float(value.get("test", 0.0))
            if source.validation + source.test >= 1:
                self.session.fail("invalid-argument", "the split leaves nothing to train on", entry.value.span)
        elif name == "shuffle":
            source.shuffle = value
        else:
            source.options[name] = value

    def _known_inputs(self, mapping: tree.Mapping) -> None:
        for entry in mapping.entries:
            if entry.name not in self.inputs:
                help = did_you_mean(entry.name, self.inputs) or f"it has {', '.join(self.inputs)}"
                self.session.report("unknown-name", f"the model has no input '{entry.name}'", entry.span, help=help)

    def _plain(self, expr: tree.Expr) -> Any:
        """Plain data of a YAML value."""
        if isinstance(expr, tree.Mapping):
            return {entry.name: self._plain(entry.value) for entry in expr.entries}
        return self.evaluator.evaluate(expr)


_SETTINGS: Mapping[str, Callable[[_Planning, tree.Entry], None]] = {
    "data": _Planning._data,
    "loss": _Planning._loss,
    "metrics": _Planning._metrics,
    "optimizer": _Planning._optimizer,
    "callbacks": _Planning._callbacks,
    "batch_size": _Planning._count,
    "epochs": _Planning._count,
    "seed": _Planning._count,
    "jit": _Planning._jit,
    "remat": _Planning._word,
    "precision": _Planning._word,
    "steps": _Planning._steps,
}

_ACCURACIES = {
    "binary_crossentropy": metrics.BinaryAccuracy,
    "binary_focal_crossentropy": metrics.BinaryAccuracy,
    "categorical_crossentropy": metrics.CategoricalAccuracy,
    "categorical_focal_crossentropy": metrics.CategoricalAccuracy,
    "sparse_categorical_crossentropy": metrics.SparseCategoricalAccuracy,
}
