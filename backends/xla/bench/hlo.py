"""Owns reading the text of a compiled program: where in the spec each of its operations comes from."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from netwright.backends.xla.engines.scopes import origin

#: the path of the spec, and whether it is of the backward pass
Origin = tuple[str, bool]
#: operations that run others, which are timed themselves
CONTROL = ("while", "conditional", "call")

_COMPUTATION = re.compile(r"^(?:ENTRY )?%?(\S+) .*\{$")
_INSTRUCTION = re.compile(r"^\s+(?:ROOT )?%?(\S+) = .*?([a-z][\w-]*)\((.*)")
_OP_NAME = re.compile(r'op_name="((?:[^"\\]|\\.)*)"')
_NAME = re.compile(r"%([\w.-]+)")


@dataclass(frozen=True, slots=True)
class Operation:
    """An instruction. `names`: its operands, and the computations that it runs."""

    name: str
    opcode: str
    origin: Origin | None
    names: tuple[str, ...]


def origins(text: str) -> dict[str, Origin | None]:
    """Operation -> where it comes from; none for what comes from no layer. Operations that only run others are left
    out."""
    computations = _computations(text)
    found: dict[str, Origin | None] = {}
    for operations in computations.values():
        known = _known(operations, computations)
        found |= {each.name: known[each.name] for each in operations if each.opcode not in CONTROL}
    return found


def _computations(text: str) -> dict[str, list[Operation]]:
    found: dict[str, list[Operation]] = {}
    current: list[Operation] = []
    for line in text.splitlines():
        instruction = _INSTRUCTION.match(line)
        if instruction is not None:
            current.append(_operation(*instruction.groups()))
        elif header := _COMPUTATION.match(line):
            current = found.setdefault(header[1], [])
    return found


def _operation(name: str, opcode: str, rest: str) -> Operation:
    named = _OP_NAME.search(rest)
    return Operation(name, opcode, origin(named[1]) if named else None, tuple(_NAME.findall(rest)))


def _known(operations: list[Operation], computations: dict[str, list[Operation]]) -> dict[str, Origin | None]:
    """What the metadata of an operation say, else what most of the operations in it come from. What XLA adds without a
    word (copies, other layouts) comes from where it is used, or else from where it is made."""
    known = {each.name: each.origin or _commonest(each, computations) for each in operations}
    for each in reversed(operations):
        for operand in each.names:
            if operand in known:
                known[operand] = known[operand] or known[each.name]
    for each in operations:
        known[each.name] = known[each.name] or next(filter(None, map(known.get, each.names)), None)
    return known


def _commonest(operation: Operation, computations: dict[str, list[Operation]]) -> Origin | None:
    inside = (each.origin for name in operation.names for each in computations.get(name, ()))
    counted = Counter(origin for origin in inside if origin is not None)
    return counted.most_common(1)[0][0] if counted else None
