"""Owns what names mean: `Module` (a spec file with the values of its params, its blocks, what it uses) and `Env` (the
names bound in one body). Knows no operator."""

from __future__ import annotations

from typing import Any, Final

from netwright.dsl.records import entity, field
from netwright.dsl.source import Span
from netwright.dsl.tree import Block, Extern, Spec


class Poison:
    """The value of a name whose expression failed: what depends on it stays silent."""

    def __repr__(self) -> str:
        return "POISON"


POISON: Final = Poison()


@entity
class Module:
    """One spec file during elaboration."""

    spec: Spec
    params: dict[str, Any] = field(default_factory=dict)
    #: blocks and externs: layers of the file's own, which are called in one way
    blocks: dict[str, Block | Extern] = field(default_factory=dict)
    uses: dict[str, Module] = field(default_factory=dict)
    layers: dict[str, Any] = field(default_factory=dict)
    #: where the file names its params, shared layers and used specs
    places: dict[str, Span] = field(default_factory=dict)

    def names(self) -> list[str]:
        """Every name in reach of all of the file's bodies."""
        return [*self.params, *self.blocks, *self.uses, *self.layers]


@entity
class Env:
    """The names of one body: operands, arguments, bindings. `outer` is the body around a loop."""

    module: Module
    names: dict[str, Any] = field(default_factory=dict)
    outer: Env | None = None
    places: dict[str, Span] = field(default_factory=dict)

    def find(self, name: str) -> Any:
        """The value of a name bound in this body or around it; KeyError where there is none."""
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.outer
        raise KeyError(name)

    def all_names(self) -> list[str]:
        """Every bound name in reach."""
        found: list[str] = []
        env: Env | None = self
        while env is not None:
            found += env.names
            env = env.outer
        return found + self.module.names()

    def inner(self) -> Env:
        """An environment inside this one, for the turns of a loop."""
        return Env(self.module, outer=self)
