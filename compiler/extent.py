"""Owns how large and how deep a compile-time value may be: lists in lists and layers in layers, which bindings can
double and nest without end in a few lines. Knows no expression."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from netwright.compiler.session import MAX_STEPS, Session
from netwright.compiler.values import BlockLayer, Branches, Composition, Layer, Repetition, SharedLayer
from netwright.dsl.source import Span

#: lists in lists, and layers in layers
MAX_NESTING = 100

_PARTS: dict[type[Any], Callable[[Any], tuple[Any, ...]]] = {
    tuple: lambda value: value,
    Composition: lambda layer: layer.stages,
    Repetition: lambda layer: (layer.layer,),
    Branches: lambda layer: layer.branches,
    SharedLayer: lambda layer: (layer.layer,),
    BlockLayer: lambda layer: layer.arguments,
}


def bounded(session: Session, value: Any, span: Span) -> Any:
    """The value, if it is not too large and not too deep; what is in it counts as work."""
    parts = _parts(value)
    if any(map(_parts, parts)):
        session.spend(span, _size(session, value, span))
    return value


def _parts(value: Any) -> tuple[Any, ...]:
    inside = _PARTS.get(type(value))
    return inside(value) if inside else ()


def _size(session: Session, value: Any, span: Span) -> int:
    """How many values are in the value, level by level."""
    size, level = 0, [value]
    for _ in range(MAX_NESTING):
        level = [part for item in level for part in _parts(item)]
        size += len(level)
        if not level:
            return size
        if size > MAX_STEPS:
            what = "layers" if isinstance(value, Layer) else "items"
            session.fail("model-too-large", f"there are more than {MAX_STEPS:,} {what} in this", span)
    return session.fail("too-deep", f"values stand inside each other more than {MAX_NESTING} deep", span)
