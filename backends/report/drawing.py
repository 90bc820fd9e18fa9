"""Owns what is drawn of a model: items, edges between their ports, and the items inside opened blocks. How deep it
opens them is bounded, so a picture stays one. Knows no coordinates and no file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from netwright.backends.report.captions import (
    attributes_text,
    block_arguments,
    cut,
    operator_title,
    parameters_of,
    shape_dim,
    shape_text,
    tooltip,
)
from netwright.backends.report.numbers import count
from netwright.compiler.ir import (
    BodyNode,
    Graph,
    Instance,
    Node,
    OpNode,
    RepeatNode,
    ScanNode,
    Value,
    body_of,
    copies,
    indexed_names,
    read_by,
)
from netwright.compiler.layer_table import lone
from netwright.compiler.model import Model
from netwright.dsl.diagnostics import CompilerBug

#: by which we know a file that we wrote
MARK = "Written by Netwright"
#: more items than any picture can show
MOST = 4_000
#: levels that are opened at most
NESTING = 50

Kind = Literal["input", "output", "entry", "exit", "operator", "block", "box"]


@dataclass(slots=True)
class Item:
    """Something drawn. 'entry' and 'exit' are the ports of the opened block ('box') around them, in order.
    `family` is the operator's; `shared` numbers the shared layer it is an application of."""

    kind: Kind
    name: str
    detail: str = ""
    note: str = ""
    tooltip: str = ""
    family: str = ""
    repeats: int = 1
    shared: int | None = None
    inside: Diagram | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """A tensor on its way from an item's output to another's input, both counted from 0."""

    source: int
    output: int
    target: int
    input: int
    label: str


@dataclass(slots=True)
class Diagram:
    """Items of one level in order of evaluation, and the edges between them; `note` says what was asked for and is not
    drawn."""

    items: list[Item] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    note: str = ""


def draw(model: Model, depth: int) -> Diagram:
    """The drawing of a model with so many levels of blocks opened (at most NESTING, and MOST items)."""
    graph = model.elaborated.graph
    if graph is None:
        return Diagram()
    opened = min(depth, NESTING)
    while opened > 0 and items_at(graph, opened) > MOST:
        opened -= 1
    drawn = _Drawing(model).level(graph, opened, "", tuple(model.outputs))
    if opened < depth and items_at(graph, opened) < items_at(graph, opened + 1):
        limit = f"{NESTING} levels" if opened == NESTING else f"{MOST:,} items"
        drawn.note = f"blocks are opened to depth {opened}, not {depth}: a drawing has at most {limit}"
    return drawn


def items_at(graph: Graph, depth: int) -> int:
    """How many items a drawing with so many levels opened has, without making it."""
    sizes: dict[tuple[Graph, int], int] = {}
    return _size(graph, depth, sizes)


def _size(graph: Graph, depth: int, sizes: dict[tuple[Graph, int], int]) -> int:
    found = sizes.get((graph, depth))
    if found is None:
        inner = (_opened(node) for node in graph.nodes) if depth > 0 else ()
        found = len(graph.nodes) + sum(_size(body, depth - 1, sizes) for body in inner if body is not None)
        sizes[graph, depth] = found
    return found


def _opened(node: Node) -> Graph | None:
    """What is in the box of a block."""
    return None if body_of(lone(node)) is None else body_of(node)


class _Drawing:
    def __init__(self, model: Model) -> None:
        self.model = model
        self._shared: dict[Instance, int] = {}
        self._layers = {graph: layer for layer, graph in model.elaborated.session.calls}

    def level(self, graph: Graph, depth: int, prefix: str, outputs: Sequence[str] = ()) -> Diagram:
        """One graph; `outputs` names those of the model, and is empty inside blocks."""
        diagram = Diagram()
        sources: dict[Value, tuple[int, int]] = {}
        for value in graph.inputs:
            sources[value] = (len(diagram.items), 0)
            diagram.items.append(Item("entry" if prefix else "input", value.name, tooltip=str(value.type)))
        for node, name, index in indexed_names(graph):
            path = prefix + name + ("" if index is None else f"[{index}]")
            target = len(diagram.items)
            diagram.items.append(self._item(node, depth, path))
            reads: Sequence[Value | None] = tuple(dict.fromkeys(read_by(node)))
            exits: Sequence[int] = range(len(node.outputs))
            if isinstance(node, BodyNode) and diagram.items[target].kind == "box":
                reads, exits = node.entries(), node.exits()
            sources.update((value, (target, port)) for value, port in zip(node.outputs, exits, strict=True))
            _connect(diagram, sources, reads, target)
        for position, value in enumerate(graph.outputs):
            target = len(diagram.items)
            kind: Kind = "exit" if prefix else "output"
            name = outputs[position] if position < len(outputs) else ""
            diagram.items.append(Item(kind, name, tooltip=str(value.type)))
            _connect(diagram, sources, (value,), target)
        return diagram

    def _item(self, node: Node, depth: int, path: str) -> Item:
        inner = _opened(node)
        item = self._operator(node) if inner is None else Item("block", node.name, self._arguments(node, inner))
        parameters = parameters_of(self.model, node).total
        item.repeats = copies(node)
        steps = f"{shape_dim(node.steps)} steps" if isinstance(node, ScanNode) else ""
        item.note = " · ".join(filter(None, [steps, f"{count(parameters)} params" if parameters else ""]))
        item.tooltip = tooltip(self.model, node, path)
        if node.instance is not None:
            item.shared = self._shared.setdefault(node.instance, len(self._shared))
            item.note = " · ".join(filter(None, [f"shared {cut(node.instance.name, 24)}", item.note]))
        if inner is not None and depth > 0:
            item.kind, item.inside = "box", self.level(inner, depth - 1, f"{path}/")
        return item

    def _operator(self, node: Node) -> Item:
        """An operator, or the one that a repeat repeats."""
        shown = node.body.nodes[0] if isinstance(node, RepeatNode) else node
        if not isinstance(shown, OpNode):
            raise CompilerBug(f"a drawing knows no {type(shown).__name__}")
        name, detail = operator_title(shown)
        return Item("operator", name, detail, family=type(shown.op).__module__.rpartition(".")[2])

    def _arguments(self, node: Node, body: Graph) -> str:
        if isinstance(node, ScanNode):
            return attributes_text(node.op)
        layer = self._layers.get(body)
        return "" if layer is None else block_arguments(layer)


def _connect(
    diagram: Diagram, sources: dict[Value, tuple[int, int]], values: Sequence[Value | None], target: int
) -> None:
    """An edge for every tensor that a port reads."""
    for port, value in enumerate(values):
        if value is not None and value in sources:
            source, output = sources[value]
            diagram.edges.append(Edge(source, output, target, port, shape_text(value.type)))
