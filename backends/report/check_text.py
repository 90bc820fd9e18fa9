"""Owns what `netwright check` says of one file on a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from netwright.backends.report.numbers import count, short
from netwright.compiler.model import Model, Tensor
from netwright.dsl.diagnostics import Diagnostic


def check_text(file: str, model: Model | None, diagnostics: Sequence[Diagnostic]) -> str:
    """A line of verdict and, where the file compiles, its figures and checks."""
    if model is None:
        return f"{file}: {_errors(diagnostics)}"
    lines = [f"{file}: {'ok' if model.ok else _errors(diagnostics)}"]
    if model.elaborated.graph is not None:
        lines += [f"  {name:<8} {text}" for name, text in _figures(model)]
    lines += [f"  {'✓' if check.ok else '✗'} {check.text}" for check in model.checks]
    return "\n".join(lines)


def _errors(diagnostics: Sequence[Diagnostic]) -> str:
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    return f"{errors} error{'' if errors == 1 else 's'}"


def _figures(model: Model) -> list[tuple[str, str]]:
    params = model.params
    return [
        ("inputs", _tensors(model.inputs)),
        ("outputs", _tensors(model.outputs)),
        ("params", f"{count(params.total)} ({count(params.trainable)} trainable)"),
        ("MACs", f"{short(model.macs)} an example"),
    ]


def _tensors(tensors: dict[str, Tensor]) -> str:
    return ", ".join(f"{name}: {tensor}" for name, tensor in tensors.items())
