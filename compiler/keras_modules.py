"""Owns which modules of Keras a spec may name before a function: `activations.relu`, `ops.image.resize`. Knows no
function."""

from __future__ import annotations

from netwright.dsl import tree

#: what stands before the last point -> how the catalogue has it
KERAS_MODULES = {
    "ops": "ops",
    "ops.image": "ops.image",
    "ops.linalg": "ops",
    "ops.nn": "ops",
    "ops.numpy": "ops",
    "activations": "activations",
    "random": "random",
}


def keras_module(expr: tree.Expr) -> tuple[tree.Name, str] | None:
    """(the first word, the module as the catalogue has it) of an expression that names a module of Keras's; None for
    any other. Whether the first word means something else is for the caller to ask."""
    words: list[str] = []
    while isinstance(expr, tree.Attribute):
        words.insert(0, expr.name)
        expr = expr.base
    if not isinstance(expr, tree.Name):
        return None
    module = KERAS_MODULES.get(".".join((expr.id, *words)))
    return None if module is None else (expr, module)
