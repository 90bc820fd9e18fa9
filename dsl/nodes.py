"""Owns the located YAML nodes that a document is read from: scalars, lists, mappings. Places are offsets
in the source. Knows nothing of what a spec may hold."""

from __future__ import annotations

from collections.abc import Sequence

from netwright.dsl.plain import PlainValue
from netwright.dsl.records import entity, field
from netwright.dsl.source import Source, Span


@entity
class Node:
    start: int
    end: int

    def span(self, source: Source) -> Span:
        return Span(source, self.start, self.end)

    def head(self, source: Source) -> Span:
        """The span, cut off at the end of its first line."""
        line_end = source.text.find("\n", self.start, self.end)
        return Span(source, self.start, line_end if line_end >= 0 else self.end)


@entity
class Scalar(Node):
    """`text` is what YAML reads, `value` what it stands for; `style` is '' (plain) or one of ' " | >.
    `parts` are the plain scalars that the commas of a call inside `[ ]` cut it into."""

    text: str
    style: str
    value: PlainValue
    parts: tuple[Scalar, ...] = ()

    @property
    def is_blank(self) -> bool:
        """Nothing at all stands in the place of the value."""
        return self.start == self.end


@entity
class Items(Node):
    """A YAML list."""

    items: list[Node]


@entity
class Map(Node):
    """A YAML mapping: key text -> (key, value), in order."""

    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        entry = self.entries.get(key)
        return entry[1] if entry else None


@entity
class Broken(Node):
    """Stands where something was that is reported already."""


Data = PlainValue | list["Data"] | dict[str, "Data"]


def data(node: Node) -> Data:
    """The node as plain JSON data, for validation. Numbers that JSON lacks become 0.0."""
    if isinstance(node, Scalar):
        value = node.value
        return 0.0 if isinstance(value, float) and not abs(value) < float("inf") else value
    if isinstance(node, Map):
        return {key: data(value) for key, (_, value) in node.entries.items()}
    return [data(item) for item in node.items] if isinstance(node, Items) else None


def locate(root: Node, path: Sequence[str | int]) -> tuple[Scalar | None, Node]:
    """The node at a path of keys and indices, and the key it stands under (of the nearest mapping)."""
    key: Scalar | None = None
    node = root
    for step in path:
        if isinstance(node, Map):
            key, node = node.entries[str(step)]
        elif isinstance(node, Items):
            node = node.items[int(step)]
    return key, node


def describe(node: Node) -> str:
    """What stands there, in words."""
    if isinstance(node, Map):
        return "a mapping"
    if not isinstance(node, Scalar):
        return "a list"
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return "text" if isinstance(value, str) else f"the number {node.text}"
