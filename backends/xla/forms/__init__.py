"""Owns which layers and activations are computed in another form than Keras's: one that is equal and was measured to be
faster on an engine and a device. A layer's form is a class derived from Keras's, whose arguments and variables it has;
what of these it does not cover, it leaves to Keras. An activation's is a function with the same arguments. Forms are
imported with their engine alone."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

#: the Keras name of an operator -> its form
Forms = Mapping[str, Any]
_MODULES = {
    ("jax", "cpu"): "netwright.backends.xla.forms.jax_cpu",
    ("tensorflow", "cpu"): "netwright.backends.xla.forms.tensorflow_cpu",
}


def load_forms(engine: str, device: str) -> Forms:
    """The forms for an engine on a device; call it where the engine is loaded."""
    module = _MODULES.get((engine, device))
    forms: Forms = {} if module is None else import_module(module).FORMS
    return forms
