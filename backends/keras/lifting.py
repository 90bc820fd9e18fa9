"""Owns which params and shared layers of the main spec each block reads, itself or through the blocks it calls: a
Python function of the block takes them as parameters. Knows no Python code."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from typing import Any

from netwright.backends.keras.scope import names_in
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.scope import Module
from netwright.dsl import tree
from netwright.dsl.records import fields

#: a layer of a spec's own
Own = tree.Block | tree.Extern


@dataclass(slots=True)
class _Found:
    """Free names of the main spec, and blocks called."""

    names: set[str]
    callees: set[Own]


class Lifting:
    """The free names of every block of every module."""

    def __init__(self, main: Module, modules: list[Module]) -> None:
        self._main = main
        self._found = {block: self._direct(module, block) for module in modules for block in module.blocks.values()}
        self._close()
        self._order = [entry.name for entry in (*main.spec.params, *main.spec.layers)]

    def of(self, block: Own) -> tuple[str, ...]:
        """What the block reads of the main spec, in the order of the spec."""
        names = self._found[block].names
        return tuple(name for name in self._order if name in names)

    def _direct(self, module: Module, block: Own) -> _Found:
        found = _Found(set(), set())
        for name in _free_names(block, module.params.keys()):
            if isinstance(name, tuple):
                used = module.uses.get(name[0])
                found.callees.update(used.blocks[name[1]] for _ in (0,) if used and name[1] in used.blocks)
            elif module is self._main and (name in module.params or name in module.layers):
                found.names.add(name)
            elif name in module.blocks:
                found.callees.add(module.blocks[name])
        if module is self._main and isinstance(block, tree.Block):
            cells = (module.blocks[name] for name in _named_in_cells(block.body) if name in module.blocks)
            found.names.update(name for cell in cells for name in _header_names(cell) & module.params.keys())
        return found

    def _close(self) -> None:
        changed = True
        while changed:
            changed = False
            for found in self._found.values():
                more = set[str]().union(*(self._found[callee].names for callee in found.callees)) - found.names
                found.names |= more
                changed = changed or bool(more)


FreeName = str | tuple[str, str]  # a name, or (alias, name) for `alias.name`


def _free_names(block: Own, params: Set[str]) -> Iterator[FreeName]:
    bound = {target.name for target in block.operands}
    for target in block.operands:
        bound |= _dims_bound(target) - params
    for parameter in block.parameters:
        if parameter.default is not None:
            yield from _names(parameter.default, bound)
        bound.add(parameter.name)
    if isinstance(block, tree.Extern):  # its sizes and counts stand in no code
        return
    for binding in block.body.bindings:
        yield from _names(binding.value, bound)
        for target in binding.targets:
            bound |= {target.name} | (_dims_bound(target) - params)
    if block.body.result is not None:
        yield from _names(block.body.result, bound)


def _dims_bound(target: tree.Target) -> set[str]:
    """The names in a shape pattern; those of params are checked, the others bound."""
    return {dim.id for dim in target.dims or () if isinstance(dim, tree.Name)}


def _names(item: Any, bound: set[str]) -> Iterator[FreeName]:
    if isinstance(item, tree.Name):
        if item.id not in bound:
            yield item.id
    elif isinstance(item, tree.Attribute) and isinstance(item.base, tree.Name) and item.base.id not in bound:
        yield from (item.base.id, (item.base.id, item.name))
    elif isinstance(item, tree.Loop):
        yield from _names(item.iterable, bound)
        inner = bound | {target.id for target in item.targets}
        yield from _names((item.condition, item.body), inner)
    elif isinstance(item, tuple):
        for each in item:
            yield from _names(each, bound)
    elif isinstance(item, (tree.Expr, tree.Argument)):
        for name in fields(item):
            yield from _names(getattr(item, name), bound)


# ---------------------------------------------------------------- cells


def _named_in_cells(item: Any) -> Iterator[str]:
    """The names in calls of `recurrent`: who runs a block as a cell makes inputs of the sizes in its header."""
    if isinstance(item, tuple):
        for each in item:
            yield from _named_in_cells(each)
    elif isinstance(item, tree.Call) and _runs_cell(item.function):
        yield from names_in(item.arguments)
    elif isinstance(item, (tree.Expr, tree.Argument, tree.Binding, tree.Body)):
        for name in fields(item):
            yield from _named_in_cells(getattr(item, name))


def _runs_cell(function: tree.Expr) -> bool:
    operator = find_operator(function.id) if isinstance(function, tree.Name) else None
    return operator is not None and operator.runs_cell


def _header_names(block: Own) -> set[str]:
    """The names in the sizes of a block's operands that its parameters do not bind."""
    own = {parameter.name for parameter in block.parameters}
    return {name for target in block.operands for name in names_in(target.dims or ())} - own
