"""Owns the way from a compiled spec to the text of a Python module that builds it with Keras and needs nothing else.
What is written is decided here and in Python; the template only lays it out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from netwright.backends.keras.emission import Emission
from netwright.backends.keras.functions import Functions
from netwright.backends.keras.layout import STEP, WIDTH, lay_out
from netwright.backends.keras.literals import documentation
from netwright.backends.keras.model import ModelWriter
from netwright.backends.keras.names import IMPORTED
from netwright.backends.keras.statements import Statement, statement_codes
from netwright.backends.keras.syntax import Atom, parts
from netwright.backends.keras.templating import render
from netwright.backends.keras.training import modules_needed, training_script
from netwright.backends.keras.written import SOURCES, definition, modules_used
from netwright.compiler.elaborate import RECURSION_LIMIT
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.version import __version__

if TYPE_CHECKING:
    from netwright.compiler.model import Model
    from netwright.compiler.training.plan import Plan

_OF_KERAS = ("layers", "ops")


def emit(model: Model, *, train: bool = False) -> str:
    """The text of a module with `build_model(**params)`, whose defaults are the params that the model was compiled
    with. It depends on Keras, and on the packages of externs where there are any; it is formatted, and is the same to
    the byte each time.

    Several inputs are taken, and several outputs given, as dicts by name. Raises SpecError for what compiles and yet
    cannot be written as Keras code."""
    if model.spec.model is None:
        raise SpecError([Diagnostic("missing-key", f"{model.name} has no `model` to write code for", model.spec.span)])
    with _deep_recursion():
        emission = Emission(model.elaborated)
        constants, functions = _statements(model, emission)
        names = _names([*constants, *functions])
        used = {path: name for path, name in emission.extern_names.items() if name in names}
        own = [name for name in SOURCES if name in names]
        plan = _plan(model) if train else None
        return render(
            "module.py.j2",
            documentation=_documentation(model, used),
            imports=_imports(_modules(names, own) | (modules_needed(plan) if plan else set()), used),
            constants=lay_out(constants),
            definitions=[*map(definition, own), *(lay_out([function]) for function in functions)],
            training=training_script(plan, list(model.inputs), list(model.outputs)) if plan else "",
        )


def _plan(model: Model) -> Plan:
    """How the model is trained; a spec that does not say cannot have a training script."""
    if model.plan is None:
        help = "say under `train` at least the loss and the optimizer"
        raise SpecError([Diagnostic("missing-key", f"{model.name} has no `train`", model.spec.span, help=help)])
    if model.errors:
        raise SpecError(model.errors)
    return model.plan


def _statements(model: Model, emission: Emission) -> tuple[list[Statement], list[Statement]]:
    """Constants, and functions of which the last is `build_model`."""
    emission.functions = Functions(emission)
    build = ModelWriter(emission).write(_build_documentation(model))
    functions = [*emission.functions.statements(), build]
    registered = emission.registered.statements(_names(functions))
    return emission.used_constants(), [*registered, *functions]


def _names(statements: Sequence[Statement]) -> set[str]:
    """What the statements name."""
    return {part.text for code in statement_codes(statements) for part in parts(code) if isinstance(part, Atom)}


# ---------------------------------------------------------------- texts


def _documentation(model: Model, externs: Iterable[str]) -> str:
    spec = model.spec
    packages = sorted({path.partition(".")[0] for path in externs} - {"keras"})
    needs = ", ".join(["Keras", *packages[:-1]]) + f" and {packages[-1]}" if packages else "Keras alone"
    title = f"{spec.name}: {spec.about}" if spec.about else spec.name
    written = f"Written by Netwright {__version__} from {spec.source.name.rsplit('/')[-1]}; depends on {needs}."
    return documentation([title, f"{spec.reference or ''}\n{written}".strip()], WIDTH - 3)


def _build_documentation(model: Model) -> str:
    def described(tensors: Iterable[tuple[str, object]]) -> str:
        return ", ".join(f"{name}: {tensor}" for name, tensor in tensors)

    title = f"Build the model; with these defaults it has {model.params.total:,} parameters."
    flow = f"{described(model.inputs.items())} -> {described(model.outputs.items())}"
    return documentation([title, flow], WIDTH - STEP - 3)


# ---------------------------------------------------------------- imports


def _modules(names: Iterable[str], own: Iterable[str]) -> set[str]:
    """The modules that the code names."""
    heads = {name.partition(".")[0] for name in names if "." in name}
    return (heads | set[str]().union(*map(modules_used, own))) & IMPORTED


def _imports(modules: set[str], externs: Mapping[str, str]) -> str:
    """The lines of the modules, and of the classes of the user's own: path -> name here."""
    standard = [f"import {name}" for name in sorted(modules - {"keras", "np", *_OF_KERAS})]
    of_keras = [name for name in _OF_KERAS if name in modules]
    numpy = ["import numpy as np"] if "np" in modules else []
    members: dict[str, list[str]] = {"keras": of_keras} if of_keras else {}
    for path, name in sorted(externs.items()):
        module, _, own = path.rpartition(".")
        members.setdefault(module, []).append(own if own == name else f"{own} as {name}")
    named = [line for module in sorted(members) for line in _from(module, members[module])]
    return "\n".join([*standard, *([""] if standard else []), "import keras", *numpy, *named])


def _from(module: str, members: list[str]) -> Iterator[str]:
    """`from module import a, b`, a line each where they do not fit on one; names that are changed stand alone."""
    plain = sorted((member for member in members if " as " not in member), key=_kind_and_name)
    renamed = [[member] for member in members if " as " in member]
    for group in sorted([*([plain] if plain else []), *renamed], key=lambda group: _kind_and_name(group[0])):
        line = f"from {module} import {', '.join(group)}"
        if len(line) <= WIDTH or len(group) == 1:
            yield line
        else:
            yield from (f"from {module} import (", *(" " * STEP + f"{member}," for member in group), ")")


def _kind_and_name(member: str) -> tuple[bool, bool, str]:
    """The order in which isort has them: constants, classes, the rest."""
    name = member.partition(" ")[0]
    return not name.isupper(), name[0].islower(), name.casefold()


@contextmanager
def _deep_recursion() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
