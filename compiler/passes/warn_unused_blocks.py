"""Owns finding the blocks that nothing leads to. They are never elaborated, so nothing in them is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from netwright.compiler.scope import Module
from netwright.compiler.session import Session
from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.nesting import children


def warn_unused_blocks(session: Session, modules: Sequence[Module]) -> None:
    """A warning for each block of the main spec that neither the model nor anything it leads to names; a library has
    none."""
    if not session.diagnostics.has_errors:  # a misspelt call would make its block unused
        session.diagnostics.extend(_unused(modules[0].spec))


def _unused(spec: tree.Spec) -> Iterator[Diagnostic]:
    if spec.model is None or not spec.blocks:
        return
    blocks = {block.name: block for block in spec.blocks}
    reached: set[str] = set()
    named = _names(_roots(spec))
    while new := named & (blocks.keys() - reached):
        reached |= new
        named = _names(root for name in new for root in _inside(blocks[name]))
    for name, block in blocks.items():
        if name not in reached:
            help = "call it or remove it"
            yield Diagnostic(
                "unused-block", f"nothing calls {name}, so it is not checked", block.span, help=help, severity="warning"
            )


def _roots(spec: tree.Spec) -> Iterator[Any]:
    yield from _of_body(spec.model)
    yield from (layer.value for layer in spec.layers)
    yield from (check.condition for check in spec.checks)
    for extern in spec.externs:
        yield from (parameter.default for parameter in extern.parameters if parameter.default)
        yield from (expr for expr in (extern.params, extern.non_trainable_params, extern.macs) if expr)
    yield from (setting.value for setting in spec.train.settings) if spec.train else ()


def _inside(block: tree.Block) -> Iterator[Any]:
    yield from (parameter.default for parameter in block.parameters if parameter.default)
    yield from _of_body(block.body)


def _of_body(body: tree.Body | None) -> Iterator[Any]:
    if body:
        yield from body.bindings
        yield from (body.result,) if body.result else ()


def _names(roots: Iterable[Any]) -> set[str]:
    """Every name in the expressions and below them."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Name):
            found.add(node.id)
        elif isinstance(node, tree.Mapping):
            waiting.extend(entry.value for entry in node.entries)
        waiting.extend(children(node))
    return found
