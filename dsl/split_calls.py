"""Owns calls that YAML has cut: inside `[ ]` and `{ }` it ends a value at every comma, but a comma inside
parentheses belongs to the call. Knows nothing of operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from netwright.dsl.nodes import Node, Scalar

_MOST_PARTS = 100


def _depth(node: Scalar) -> int:
    return node.text.count("(") - node.text.count(")")


def is_open_call(node: Node) -> TypeGuard[Scalar]:
    return isinstance(node, Scalar) and not node.style and _depth(node) > 0


def whole_calls(items: list[Node]) -> Iterator[Node]:
    """In `[early_stopping(monitor="loss", patience=3), f]` YAML ends an item at each comma. A comma inside
    parentheses belongs to the call, so plain items are put together again until the parentheses close."""
    at = 0
    while at < len(items):
        call = _call(items, at)
        yield join_parts(call) if len(call) > 1 else items[at]
        at += max(len(call), 1)


def _call(items: list[Node], at: int) -> list[Scalar]:
    """The items from `at` that make one call; none where the parentheses never close."""
    depth, call = 0, []
    for item in items[at : at + _MOST_PARTS] if is_open_call(items[at]) else ():
        if not isinstance(item, Scalar) or item.style:
            break
        call.append(item)
        depth += _depth(item)
        if depth <= 0:
            return call if depth == 0 else []
    return []


def join_parts(scalars: list[Scalar]) -> Scalar:
    parts = tuple(part for scalar in scalars for part in scalar.parts or (scalar,))
    text = ", ".join(part.text for part in parts)
    return Scalar(parts[0].start, parts[-1].end, text, "", text, parts)
