"""Whatever is public in Keras's modules of layers and of what trains and configures them is in the catalogue, or left
out for a reason that stands here. (keras.ops: `test_complete_functions.py`. Arguments: `test_signatures.py`.)"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import reduce
from importlib import import_module
from typing import Any

import pytest

from netwright.compiler.ops import configuration, op
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.declared import Declared

pytestmark = pytest.mark.keras

for training in ("losses", "metrics", "callbacks", "optimizers", "schedules"):
    import_module(f"netwright.compiler.training.{training}")

BASE = "the base of what users write in Python"
TABLE = dict.fromkeys(("get", "serialize", "deserialize"), "makes Python objects of names and back")
CODE = "takes a Python function"
MODULE = "wraps a module of another framework"
INPUT = "`inputs` says it"
PATHS = "chooses by the paths that Keras gives to weights"
FUNCTION = "Keras has no metric that is more than this function; the loss says it"
VALUES = "averages values that a program gives it, not targets and predictions"

EXCLUDED: dict[str, dict[str, str]] = {
    "layers": {
        "FlaxLayer": MODULE,
        "Input": INPUT,
        "InputLayer": INPUT,
        "InputSpec": "what a layer's code expects of its operands",
        "JaxLayer": MODULE,
        "Lambda": CODE,
        "Layer": BASE,
        "TFSMLayer": MODULE,
        "TorchModuleWrapper": MODULE,
        "Wrapper": BASE,
        "deserialize": TABLE["deserialize"],
        "serialize": TABLE["serialize"],
    },
    "activations": TABLE,
    "callbacks": {
        "BackupAndRestore": "training keeps its state by itself, and `train --resume` goes on from it",
        "Callback": BASE,
        "CallbackList": "what fit makes of a list",
        "History": "what fit gives back; `train` writes it as metrics.json",
        "LambdaCallback": CODE,
        "LearningRateScheduler": CODE + "; a schedule in the optimizer says it",
        "OrbaxCheckpoint": "writes files of another library, which nothing here reads; see model_checkpoint",
        "ProgbarLogger": "fit's own line of progress",
        "RemoteMonitor": "sends figures to a server; a spec opens no connections",
    },
    "constraints": {**TABLE, "Constraint": BASE},
    "initializers": {**TABLE, "Initializer": BASE},
    "losses": {**TABLE, "Loss": BASE},
    "metrics": {
        **TABLE,
        "Mean": VALUES,
        "MeanMetricWrapper": CODE,
        "Metric": BASE,
        "Sum": VALUES,
        "binary_focal_crossentropy": FUNCTION,
        "categorical_focal_crossentropy": FUNCTION,
        "huber": FUNCTION,
        "log_cosh": FUNCTION,
    },
    "optimizers": {**TABLE, "MultiOptimizer": PATHS, "Optimizer": BASE, "OptimizerMap": PATHS},
    "optimizers.schedules": {
        "LearningRateSchedule": BASE,
        "deserialize": TABLE["deserialize"],
        "serialize": TABLE["serialize"],
    },
    "regularizers": {**TABLE, "Regularizer": BASE},
}
#: arguments of functions of (y_true, y_pred) that the object of their name does not have, or has with another default
APART: dict[str, set[str]] = {
    "losses.categorical_generalized_cross_entropy": {"q"},  # which has no default there
    "losses.circle": {"ref_labels", "ref_embeddings"},  # other examples to compare with, which fit does not give
    "metrics.binary_crossentropy": {"axis"},
}


def keras_module(path: str) -> Any:
    import keras

    return reduce(getattr, path.split("."), keras)


def public(path: str) -> dict[str, Any]:
    """The classes and functions that a module of Keras shows."""
    items = ((name, getattr(keras_module(path), name)) for name in dir(keras_module(path)))
    return {name: item for name, item in items if not name.startswith("_") and callable(item)}


def found(path: str, name: str) -> type[Declared] | None:
    """What the catalogue has for that name of Keras's."""
    if path == "activations":
        return find_operator(f"activations.{name}")
    return find_operator(name) if path == "layers" else configuration.find(path, name)


def missing(path: str) -> set[str]:
    return {name for name in public(path) if found(path, name) is None} - EXCLUDED[path].keys()


@pytest.mark.parametrize("path", EXCLUDED)
def test_whatever_is_public_is_there_or_left_out_for_a_reason(path: str) -> None:
    assert missing(path) == set()


@pytest.mark.parametrize("path", EXCLUDED)
def test_only_what_keras_has_and_the_catalogue_has_not_is_left_out(path: str) -> None:
    assert EXCLUDED[path].keys() <= public(path).keys()
    assert [name for name in EXCLUDED[path] if found(path, name) is not None] == []


@pytest.mark.parametrize("path", EXCLUDED)
def test_what_is_found_is_what_keras_has_there(path: str) -> None:
    """A class is the one of that name; a function is one that the object of its name or alias applies."""
    for name in public(path).keys() - EXCLUDED[path].keys():
        cls = found(path, name)
        assert cls is not None
        if inspect.isclass(public(path)[name]) and name[0].isupper():
            assert keras_module(cls.keras) is public(path)[name]
        else:
            assert name in (cls.keras.rpartition(".")[2], cls.name_in_flow, *getattr(cls, "aliases", ()))


@pytest.mark.parametrize("path", ["losses", "metrics"])
def test_functions_take_what_the_objects_of_their_names_take(path: str) -> None:
    functions = {name: item for name, item in public(path).items() if inspect.isfunction(item)}
    apart = dict(differences(path, {name: item for name, item in functions.items() if name not in EXCLUDED[path]}))
    assert apart == {name: names for name, names in APART.items() if name.startswith(f"{path}.")}


def differences(path: str, functions: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """The arguments behind (y_true, y_pred) in which functions are not like the objects of their names."""
    for name, function in functions.items():
        cls = found(path, name)
        assert cls is not None
        ours = {key: attribute.default for key, attribute in cls.attributes().items()}
        wanted = list(inspect.signature(function).parameters.values())[2:]
        apart = {item.name for item in wanted if ours.get(item.name, wanted) != item.default}
        if apart:
            yield f"{path}.{name}", apart


def test_the_walk_sees_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("dense", "activations.relu"):
        monkeypatch.delitem(op.OPERATORS, name)
    for entry in (("optimizers", "rmsprop"), ("losses", "huber"), ("losses", "huber_loss")):
        monkeypatch.delitem(configuration.CONFIGURATIONS, entry)
    monkeypatch.delitem(EXCLUDED["callbacks"], "History")
    assert missing("layers") == {"Dense"}
    assert missing("activations") == {"relu"}
    assert missing("optimizers") >= {"RMSprop"}
    assert missing("losses") == {"Huber", "huber"}
    assert missing("callbacks") == {"History"}
