"""Owns what `netwright check` says of one file on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from netwright.backends.report.numbers import count, short
from netwright.compiler.family import DEFAULT, Member
from netwright.compiler.model import Model, Tensor
from netwright.dsl.diagnostics import Diagnostic


def check_text(file: str, members: Sequence[Member], diagnostics: Sequence[Diagnostic]) -> str:
    """A line of verdict; below it the figures and checks of the one member, or a line for each."""
    verdict = "ok" if all(member.ok for member in members) else _errors(diagnostics)
    model = members[0].model
    if len(members) > 1:
        return "\n".join([f"{file}: {verdict}", *_family(members)])
    return f"{file}: {verdict}" if model is None else "\n".join([f"{file}: {verdict}", *_single(model)])


def _single(model: Model) -> Iterator[str]:
    if model.elaborated.graph is not None:
        yield from (f"  {name:<8} {text}" for name, text in _figures(model))
    yield from (f"  {'✓' if check.ok else '✗'} {check.text}" for check in model.checks)


def _family(members: Sequence[Member]) -> Iterator[str]:
    """The members as a table: name, parameters, MACs, checks."""
    rows = [(member.preset or DEFAULT, *_row(member)) for member in members]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, params, macs, checks in rows:
        line = f"  {name:<{widths[0]}}  {params:>{widths[1]}}  {macs:>{widths[2]}}  {checks}"
        yield line.rstrip()


def _row(member: Member) -> tuple[str, str, str]:
    model = member.model
    if model is None:
        return "", "", "✗ " + _errors(member.diagnostics)
    failed = sum(not check.ok for check in model.checks)
    total = f"{len(model.checks)} check{'' if len(model.checks) == 1 else 's'}"
    checks = f"✗ {failed} of {total}" if failed else f"✓ {total}"
    return f"{count(model.params.total)} params", f"{short(model.macs)} MACs", checks


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
