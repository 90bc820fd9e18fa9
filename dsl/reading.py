"""Owns the state of reading one document: its source, what was found wrong, and which nodes are not to be
looked into. Knows how a scalar's text gets to the flow parser; knows no key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from netwright.dsl.diagnostics import Diagnostics, SpecError
from netwright.dsl.nodes import Broken, Items, Map, Node, Scalar
from netwright.dsl.records import entity, replace
from netwright.dsl.scalars import cut, fragment
from netwright.dsl.source import Fragment, Source, Span
from netwright.dsl.tree import Name

T = TypeVar("T")

_LINES_LOST = "YAML makes one line of this text: write `|` after the key, and the text below it, to keep its lines"


@entity
class Reading:
    """`bad` holds the ids of nodes that the schema refuses; `inputs` are the names of the spec's inputs."""

    source: Source
    found: Diagnostics
    bad: set[int]
    inputs: tuple[Name, ...] = ()

    def usable(self, node: Node) -> bool:
        return id(node) not in self.bad and not isinstance(node, Broken)

    def span(self, node: Node) -> Span:
        return Span(self.source, node.start, node.end)

    def pairs(self, node: Node) -> Iterator[tuple[Scalar, Node]]:
        """The entries of a mapping whose values can be read."""
        if isinstance(node, Map):
            yield from (entry for entry in node.entries.values() if self.usable(entry[1]))

    def scalars(self, node: Node) -> Iterator[Scalar]:
        """The readable scalars of a list, or the one that stands in place of a list."""
        items = node.items if isinstance(node, Items) else [node]
        return (item for item in items if isinstance(item, Scalar) and self.usable(item))

    def flow(self, node: Node, parse: Callable[[Fragment], T], start: int = 0) -> T | None:
        """What `parse` makes of the scalar's text from `start`; None where it found mistakes, which are kept."""
        if not isinstance(node, Scalar) or not self.usable(node):
            return None
        whole = fragment(self.source, node)
        try:
            return parse(cut(whole, start) if start else whole)
        except SpecError as error:
            lost = node.style != "|" and "\n" in self.span(node).text
            notes = (_LINES_LOST,) if lost else ()
            self.found.extend(replace(found, notes=found.notes + notes) for found in error.diagnostics)
            return None
