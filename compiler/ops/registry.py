"""Owns the register of operators: by the names that flow knows them by, each imported with its family when it is first
asked for. Which family has which names stands in `families.json`, so that a check loads only what a spec uses."""

from __future__ import annotations

import json
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwright.compiler.ops.op import Op

SAVED = Path(__file__).with_name("families.json")


class Operators(MutableMapping[str, "type[Op]"]):
    """Name -> operator. Classes enter by being defined."""

    def __init__(self, families: dict[str, list[str]]) -> None:
        self._families = {name: family for family, names in families.items() for name in names}
        self._defined: dict[str, type[Op]] = {}

    def __getitem__(self, name: str) -> type[Op]:
        if name not in self._defined and name in self._families:
            import_module(f"netwright.compiler.ops.{self._families[name]}")
        return self._defined[name]

    def __setitem__(self, name: str, cls: type[Op]) -> None:
        self._defined[name] = cls

    def __delitem__(self, name: str) -> None:
        self._families.pop(name, None)
        del self._defined[name]

    def __contains__(self, name: object) -> bool:
        return name in self._defined or name in self._families

    def __iter__(self) -> Iterator[str]:
        yield from dict.fromkeys((*self._families, *self._defined))

    def defined(self) -> dict[str, type[Op]]:
        """What is loaded."""
        return self._defined

    def __len__(self) -> int:
        return len(self._families.keys() | self._defined.keys())


OPERATORS = Operators(json.loads(SAVED.read_bytes()))


def save_families(folder: Path = SAVED.parent) -> None:
    """Write which family of the folder has which names: `python -m netwright.compiler.ops.registry`, after an operator
    came or went."""
    for file in sorted(folder.glob("[a-z]*.py")):
        import_module(f"netwright.compiler.ops.{file.stem}")
    found: dict[str, list[str]] = {}
    for name, cls in OPERATORS.defined().items():
        package, _, family = cls.__module__.rpartition(".")
        if package == __package__:
            found.setdefault(family, []).append(name)
    lines = (f"{json.dumps(family)}: {json.dumps(found[family])}" for family in sorted(found))
    SAVED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    import_module("netwright.compiler.ops.registry").save_families()
