"""Owns what elaboration found out that the emitter asks for by place: the types of names, how many tensors an
application makes, how each block was called, where shared layers were first applied. Knows no Python code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netwright.compiler.dims import SymbolicDim
from netwright.compiler.elaborate import Elaborated
from netwright.compiler.ir import Graph, Instance, Node, OpNode, ScanNode, Value, body_of, copies
from netwright.compiler.types import TensorType
from netwright.compiler.values import BlockLayer
from netwright.dsl.source import Span
from netwright.dsl.tree import Block

Place = tuple[int, int, int]
Types = tuple[TensorType, ...]
_ALL = slice(None)


class Evidence:
    """What was seen at each place of the spec, over all calls of the block that the place is in. Places that
    elaboration never came to (a branch not taken) have none."""

    def __init__(self, elaborated: Elaborated) -> None:
        self._types: dict[Place, dict[TensorType, None]] = {}
        self._counts: dict[Place, int] = {}
        self._nodes: dict[Place, Node] = {}
        self._recurrences: dict[Place, list[ScanNode]] = {}
        self._instances: dict[Place, Instance] = {}
        self._applications: dict[Place, list[Node]] = {}
        self._calls: dict[Block, list[tuple[BlockLayer, Graph]]] = {}
        for span, value in elaborated.session.seen:
            if isinstance(value, Value):
                self._types.setdefault(place_of(span), {})[value.type] = None
            elif isinstance(value, tuple):
                self._counts[place_of(span)] = len(value)
        for layer, graph in elaborated.session.calls:
            self._calls.setdefault(layer.block, []).append((layer, graph))
        for graph in graphs_of(elaborated.graph) if elaborated.graph else ():
            for node in (*graph.nodes, *graph.unread):
                self._note(node)
            self._instances.update((place_of(instance.span), instance) for instance in graph.instances)

    def _note(self, node: Node) -> None:
        self._nodes[place_of(node.span)] = node
        if node.instance is not None:
            self._applications.setdefault(place_of(node.instance.span), []).append(node)
        if isinstance(node, ScanNode):
            declared = () if node.instance is None else (node.instance.span,)
            for span in (node.span, *declared):
                self._recurrences.setdefault(place_of(span), []).append(node)

    def types_at(self, span: Span) -> Types:
        """The types of the tensor bound, or made by the stage, at this place."""
        return tuple(self._types.get(place_of(span), ()))

    def operand_types(self, block: Block) -> list[Types]:
        """For each operand of a block, the types it was called with."""
        graphs = [graph for _, graph in self._calls.get(block, ())]
        return [tuple(graph.inputs[index].type for graph in graphs) for index in range(len(block.operands))]

    def argument_values(self, block: Block) -> list[tuple[Any, ...]]:
        """For each parameter of a block, the values it was called with."""
        layers = [layer for layer, _ in self._calls.get(block, ())]
        return [tuple(layer.arguments[index] for layer in layers) for index in range(len(block.parameters))]

    def results(self, block: Block) -> int | None:
        """How many tensors the block makes as a tuple; None for one tensor, or where it was never called."""
        return next((len(graph.outputs) for _, graph in self._calls.get(block, ()) if graph.output_is_tuple), None)

    def outputs_at(self, span: Span) -> int | None:
        """How many tensors the layer applied at this place makes as a tuple; None for one, or where that is not
        known."""
        node = self._nodes.get(place_of(span))
        made = None if node is None else len(node.outputs)
        return made if made is not None and made > 1 else self._counts.get(place_of(span))

    def nests_at(self, span: Span) -> bool:
        """Whether Keras gives these tensors as lists in a list."""
        node = self._nodes.get(place_of(span))
        return isinstance(node, OpNode) and node.op.nests

    def is_symbolic_at(self, span: Span) -> bool:
        """Whether a functional model of Keras's has the operator at this place as it is."""
        node = self._nodes.get(place_of(span))
        return not isinstance(node, OpNode) or node.op.works_symbolically(*node.operand_types(), **node.keyword_types())

    def layer_at(self, span: Span) -> str:
        """The layer that a functional model of Keras's has for the function at this place; '' for none."""
        node = self._nodes.get(place_of(span))
        return node.op.same_layer(*node.operand_types()) if isinstance(node, OpNode) else ""

    def operands_at(self, span: Span) -> tuple[Value, ...] | None:
        """What the operator at this place was applied to."""
        node = self._nodes.get(place_of(span))
        return None if node is None else node.operands

    def recurrences_at(self, span: Span) -> list[ScanNode]:
        """The recurrences applied, or declared to be shared, at this place."""
        return self._recurrences.get(place_of(span), [])

    def first_application(self, span: Span) -> Node | None:
        """The first application of the shared layer declared at this place."""
        instance = self._instances.get(place_of(span))
        return None if instance is None else instance.first

    def operands_of_shared(self, span: Span) -> list[tuple[Value, ...]]:
        """For each operand of the shared layer declared at this place, what it was applied to."""
        return list(zip(*(node.operands for node in self._applications[place_of(span)]), strict=True))

    def is_operand_beside(self, value: Value, span: Span) -> bool:
        """Whether the value is an operand of the block that declares a shared layer at this place."""
        declared = (place_of(instance.span) for instance in value.graph.instances)
        return value in value.graph.inputs and place_of(span) in declared


def place_of(span: Span) -> Place:
    """A span as a key."""
    return id(span.source), span.start, span.end


def graphs_of(graph: Graph) -> Iterable[Graph]:
    """The graph and all it calls or repeats, each once."""
    found = {graph: None}
    todo = [graph]
    while todo:
        here = todo.pop()
        for node in (*here.nodes, *here.unread):
            inner = body_of(node)
            if inner is not None and inner not in found:
                found[inner] = None
                todo.append(inner)
    return found


def depth_of(graph: Graph, known: dict[Graph, int] | None = None) -> int:
    """The most operators on a way through the graph: what Keras recurses over."""
    known = {} if known is None else known
    if graph not in known:
        known[graph] = _longest_way(graph, known)
    return known[graph]


def _longest_way(graph: Graph, known: dict[Graph, int]) -> int:
    ways: dict[Value, int] = {}
    longest = 0
    for node in graph.nodes:
        inner = body_of(node)
        own = 1 if inner is None else depth_of(inner, known) * copies(node)
        way = own + max((ways.get(value, 0) for value in node.operands), default=0)
        ways.update((value, way) for value in node.outputs)
        longest = max(longest, way)
    return longest


def is_symbolic(value: Any) -> bool:
    """Whether a value of flow is, or holds, a size that is not known when the model is built."""
    return any(map(is_symbolic, value)) if isinstance(value, tuple) else isinstance(value, SymbolicDim)


def are_known(types: Types, axes: int | slice = _ALL) -> bool:
    """Whether these axes have numbers in all of these types."""
    return not any(is_symbolic(type.shape[axes]) for type in types if _has(type, axes))


def _has(type: TensorType, axes: int | slice) -> bool:
    return isinstance(axes, slice) or -type.rank <= axes < type.rank
