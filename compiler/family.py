"""Owns the families that specs with presets describe: which members they have, and all of them compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from netwright.compiler.elaborate import elaborate
from netwright.compiler.model import Model
from netwright.compiler.modules import ReadSpec
from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.document import read_spec
from netwright.dsl.records import record, replace

#: what the member without a preset is called
DEFAULT = "default"


@record
class Member:
    """A spec compiled with one preset (None: with its defaults). `model` is None where it has errors."""

    preset: str | None
    model: Model | None
    diagnostics: list[Diagnostic]

    @property
    def ok(self) -> bool:
        return self.model is not None and self.model.ok

    def report(self) -> dict[str, Any]:
        """Its entry in the JSON report of the whole family (see docs/json.md)."""
        figures = {} if self.model is None else {**self.model.figures(), "checks": self.model.results()}
        return {"preset": self.preset, "ok": self.ok, **figures}


def compile_member(
    spec: tree.Spec,
    preset: str | None,
    *,
    params: Mapping[str, Any] | None = None,
    root: Path | None = None,
    read: ReadSpec = read_spec,
) -> Member:
    """The spec with a preset. `read` gives the spec in a file that it uses."""
    try:
        model = Model(spec, elaborate(spec, params=params, preset=preset, root=root, read=read))
    except SpecError as error:
        return Member(preset, None, error.diagnostics)
    return Member(preset, model, model.diagnostics)


def members_of(spec: tree.Spec) -> tuple[str | None, ...]:
    """The presets in their order; before them None, for the default, if no preset is the default."""
    presets = tuple(preset.name for preset in spec.presets)
    return presets if default_member(spec) else (None, *presets)


def default_member(spec: tree.Spec) -> str | None:
    """The preset that sets every param as it stands by default, if there is one."""
    defaults = {entry.name: entry.value.span.text for entry in spec.params}
    return next(
        (
            preset.name
            for preset in spec.presets
            if all(defaults.get(entry.name) == entry.value.span.text for entry in preset.values)
        ),
        None,
    )


def all_diagnostics(members: Sequence[Member]) -> list[Diagnostic]:
    """What the members have to say, each thing once; a note names the members where it is not said of all."""
    found: dict[Diagnostic, list[str]] = {}
    for member in members:
        for diagnostic in member.diagnostics:
            found.setdefault(diagnostic, []).append(member.preset or DEFAULT)
    return [
        diagnostic if len(names) == len(members) else replace(diagnostic, notes=(*diagnostic.notes, _of(names)))
        for diagnostic, names in found.items()
    ]


def _of(names: list[str]) -> str:
    return f"of the member{'' if len(names) == 1 else 's'} {', '.join(names)}"
