"""Netwright: a compiler for neural networks described in text. `compile` checks a spec; see `Model`. `Inference`
runs one, on the `Target` that it is given.

The names below are imported when first used, so that importing a subpackage costs only what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwright.version import __version__

if TYPE_CHECKING:
    from netwright.api import CompilerBug, Diagnostic, Model, SpecError, compile
    from netwright.backends.xla.errors import ExecutionError
    from netwright.backends.xla.run import Inference
    from netwright.backends.xla.target import Target

__all__ = [
    "CompilerBug",
    "Diagnostic",
    "ExecutionError",
    "Inference",
    "Model",
    "SpecError",
    "Target",
    "__version__",
    "compile",
]
#: where names come from that are not `netwright.api`'s
_HOMES = {
    "ExecutionError": "netwright.backends.xla.errors",
    "Inference": "netwright.backends.xla.run",
    "Target": "netwright.backends.xla.target",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'netwright' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "netwright.api")), name)
