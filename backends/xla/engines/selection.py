"""Owns the choice of an engine and of a device. Keras reads its backend once, when it is imported, so a process has
one."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from netwright.backends.xla.engines.engine import Engine
from netwright.backends.xla.engines.startup import quiet_start
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.small import is_small
from netwright.backends.xla.target import Target

if TYPE_CHECKING:
    from netwright.compiler.model import Model

#: engine -> (module, class); where no model is known the first is preferred, which starts sooner
ENGINES = {
    "jax": ("netwright.backends.xla.engines.jax", "JaxEngine"),
    "tensorflow": ("netwright.backends.xla.engines.tensorflow", "TensorFlowEngine"),
}
DEVICES = ("auto", "cpu", "gpu")


def load_engine(target: Target) -> Engine:
    """The engine that the target asks for, or with 'auto' the one that this process has loaded, KERAS_BACKEND names, or
    is installed. Imports the framework. Raises ExecutionError if there is no such engine or device."""
    if target.device not in DEVICES:
        raise ExecutionError(f"there is no device '{target.device}'", help=f"devices are {', '.join(DEVICES)}")
    name = _default_engine() if target.engine == "auto" else target.engine
    if name not in ENGINES:
        raise ExecutionError(f"there is no engine '{name}'", help=f"engines are {', '.join(ENGINES)}")
    _require_installed(name)
    _set_keras_backend(name)
    module, class_name = ENGINES[name]
    with quiet_start():
        engine: Engine = getattr(import_module(module), class_name)(target.device, target.jit)
    _check_keras_settings()
    return engine


def suited(target: Target, model: Model) -> Target:
    """The target with an engine that suits the model in the place of 'auto', unless one is loaded, named by
    KERAS_BACKEND, or the only one that is installed. JAX where it has an accelerator, and for small models."""
    if target.engine != "auto" or _named_engine() is not None or len(_installed()) < 2:
        return target
    accelerated = target.device == "gpu" or (target.device == "auto" and entry_points(group="jax_plugins"))
    return replace(target, engine="jax" if accelerated or is_small(model) else "tensorflow")


def _default_engine() -> str:
    return _named_engine() or next(iter(_installed()), next(iter(ENGINES)))


def _named_engine() -> str | None:
    named = loaded_backend() or os.environ.get("KERAS_BACKEND", "")
    return named if named in ENGINES else None


def _installed() -> list[str]:
    return [engine for engine in ENGINES if find_spec(engine) is not None]


def _require_installed(name: str) -> None:
    missing = [package for package in (name, "keras") if find_spec(package) is None]
    if missing:
        help = f"pip install 'netwright[{name}]'"
        raise ExecutionError(f"the {name} engine needs {' and '.join(missing)}, not installed here", help=help)


def loaded_backend() -> str | None:
    """The backend of Keras in this process; None where Keras is not imported."""
    keras: Any = sys.modules.get("keras")
    return None if keras is None else keras.config.backend()


def _set_keras_backend(name: str) -> None:
    loaded = loaded_backend()
    if loaded is not None and loaded != name:
        message = f"the {name} engine needs Keras on {name}, but this process has imported Keras on {loaded}"
        help = f"use the {loaded} engine, or start Python anew with KERAS_BACKEND={name}"
        raise ExecutionError(message, help=help)
    os.environ["KERAS_BACKEND"] = name


def _check_keras_settings() -> None:
    """Specs are compiled for Keras's defaults; a user's keras.json may say otherwise."""
    import keras

    found = {"floatx": keras.config.floatx(), "image_data_format": keras.config.image_data_format()}
    expected = {"floatx": "float32", "image_data_format": "channels_last"}
    for setting, value in expected.items():
        if found[setting] != value:
            help = f"keras.config.set_{setting}('{value}'), or mend ~/.keras/keras.json"
            raise ExecutionError(f"Keras is set to {setting}={found[setting]}, specs mean {value}", help=help)
