"""Owns what the table is made of: every spec of the zoo with its members compiled, in groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path

import yaml
from depth import depth_of

from netwright.api import Model
from netwright.backends.keras.emit import emit
from netwright.compiler.family import compile_member, default_member, members_of
from netwright.dsl.document import read_spec
from netwright.dsl.tree import Spec

HERE = Path(__file__).parent
SPECS = HERE.parents[1] / "specs"
_YEAR = re.compile(r"\b(?:1[89]|20)\d\d\b(?!\.\d)")
_read = cache(read_spec)


class Entry:
    """One spec and its members by name, '' for the only one."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.name = spec.name
        self.members: dict[str, Model] = {}
        for preset in members_of(spec):
            member = compile_member(spec, preset, root=SPECS, read=_read)
            if member.model is None or not member.ok:
                raise SystemExit(f"{self.name} {preset or ''} has errors: netwright check specs/{self.name}.yaml")
            self.members[preset or ""] = member.model
        self.default = self.members[default_member(spec) or ""]

    @property
    def source(self) -> str:
        return " ".join((self.spec.reference or "").split())

    @property
    def year(self) -> str:
        """The first year that the source names."""
        found = _YEAR.search(self.source)
        return found[0] if found else ""

    @property
    def lines(self) -> int:
        return self.spec.source.text.count("\n")

    @cached_property
    def used(self) -> list[Spec]:
        """The libraries of blocks that it uses, directly or not."""
        return [module.spec for module in self.default.elaborated.modules[1:]]

    @property
    def emitted_lines(self) -> int:
        return emit(self.default).count("\n")


def depth(model: Model) -> int:
    """Layers with weights on the longest path."""
    graph = model.elaborated.graph
    return 0 if graph is None else depth_of(graph)


def groups() -> Iterator[tuple[str, list[Entry]]]:
    """The specs under their headings; every spec must have one."""
    listed: dict[str, list[str]] = yaml.safe_load((HERE / "groups.yaml").read_text(encoding="utf-8"))
    specs = {path.stem: path for path in sorted(SPECS.glob("*.yaml"))}
    astray = specs.keys() ^ {name for names in listed.values() for name in names}
    if astray:
        raise SystemExit(f"not both in specs/ and in tools/zoo/groups.yaml: {', '.join(sorted(astray))}")
    for heading, names in listed.items():
        yield heading, [Entry(_read(specs[name], root=None)) for name in names]
