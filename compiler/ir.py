"""Owns the typed graph: `Value`, the nodes, `Graph`, and `Instance` for weights that several nodes share. The graph
keeps the spec's structure: a block is a graph of its own that calls share, a repeat is one node with a count.
Knows neither the syntax tree's meaning nor any backend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from netwright.compiler.dims import Dim
from netwright.compiler.ops.op import Op, Weight
from netwright.compiler.types import TensorType
from netwright.dsl.records import entity, field
from netwright.dsl.source import Span


@entity
class Value:
    """A tensor in one graph. `constant` holds the number where the spec wrote one beside tensors."""

    type: TensorType
    graph: Graph
    name: str = ""
    constant: int | float | bool | None = None

    def __str__(self) -> str:
        return str(self.type)


@entity
class Instance:
    """One layer whose weights are used wherever it is applied (`shared f`, or an entry of `layers`). It belongs to the
    graph that declares it (`Graph.instances`): each call of that graph has its own."""

    name: str
    span: Span
    position: int  # how many nodes the declaring graph had: where code that creates it stands
    first: Node | None = None  # the application that fixed the shapes of the weights


@entity
class Node:
    """One step of a graph: takes `operands`, makes `outputs`. `name` is its path component, without index."""

    name: str
    operands: tuple[Value, ...]
    span: Span
    instance: Instance | None
    outputs: tuple[Value, ...] = field(init=False, default=())


#: a call-time argument: a tensor, or several, of which some may be left out
Tensors = Value | tuple[Value | None, ...]


def each_tensor(given: Tensors, change: Callable[[Value], Any]) -> Any:
    """`change` of the tensor, or of each of several; none stays none."""
    if isinstance(given, tuple):
        return tuple(None if item is None else change(item) for item in given)
    return change(given)


@entity
class OpNode(Node):
    """An operator. `keywords` are the call-time tensors: name, value or values."""

    op: Op
    keywords: tuple[tuple[str, Tensors], ...] = ()

    def keyword_types(self) -> dict[str, TensorType | tuple[TensorType | None, ...]]:
        return {name: each_tensor(given, lambda value: value.type) for name, given in self.keywords}

    def operand_types(self) -> list[TensorType]:
        """The types as the operator receives them (layers cast floats)."""
        return [self.op.prepare(value.type) for value in self.operands]

    def weights(self) -> list[Weight]:
        """The arrays one instance owns."""
        found = list(self.op.weights(*self.operand_types(), **self.keyword_types()))
        if getattr(self.op, "trainable", True):
            return found
        return [weight._replace(trainable=False) for weight in found]


@entity
class BodyNode(Node):
    """What runs a graph of its own."""

    body: Graph

    def entries(self) -> tuple[Value | None, ...]:
        """What each input of the body gets at first; none where nobody gives it."""
        return self.operands

    def exits(self) -> tuple[int, ...]:
        """For each output, the output of the body that it is or is made of."""
        return tuple(range(len(self.outputs)))


@entity
class CallNode(BodyNode):
    """A block (or shared composition) applied: `operands` are the body's inputs in order. `arguments` is how the
    call is shown: 'filters=64, strides=2'."""

    arguments: str = ""


@entity
class RepeatNode(BodyNode):
    """`count` copies of `body` in sequence, each with its own weights: the body's outputs are the next copy's first
    inputs. Operands beyond the outputs are captured: every copy gets the same."""

    count: int


@entity
class ScanNode(BodyNode):
    """`body` run over axis 1 of the first operand, with the same weights at every step: it takes a step, the states and
    what it captured, which are the other operands, and gives an output and new states (the new states alone, where the
    first of them is the output). Of the keywords, `initial_state` are the first states, zeros where it is not there,
    and `mask` says which steps count. `op` holds the options."""

    op: Op
    keywords: tuple[tuple[str, Tensors], ...] = ()

    @property
    def steps(self) -> Dim:
        return self.operands[0].type.shape[1]

    @property
    def state_count(self) -> int:
        return len(self.body.inputs) - len(self.operands)

    def entries(self) -> tuple[Value | None, ...]:
        given = dict(self.keywords).get("initial_state", (None,) * self.state_count)
        first, *captured = self.operands
        return (first, *(given if isinstance(given, tuple) else (given,)), *captured)

    def exits(self) -> tuple[int, ...]:
        made = len(self.body.outputs)
        return (0, *range(made - self.state_count, made))[: len(self.outputs)]


@entity
class Graph:
    """Nodes in order of evaluation; `unread` are those of which nothing comes in the outputs, so that they are not part
    of the model. `output_is_tuple` tells one tensor from a tuple of one."""

    name: str
    inputs: list[Value] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    unread: list[Node] = field(default_factory=list)
    outputs: tuple[Value, ...] = ()
    output_is_tuple: bool = False
    instances: list[Instance] = field(default_factory=list)
    captures: dict[Value, Value] = field(default_factory=dict)

    def add_input(self, type: TensorType, name: str = "") -> Value:
        value = Value(type, self, name)
        self.inputs.append(value)
        return value

    def add(self, node: Node, types: tuple[TensorType, ...]) -> tuple[Value, ...]:
        """Append a node; its outputs have these types."""
        node.outputs = tuple(Value(type, self) for type in types)
        self.nodes.append(node)
        return node.outputs

    def finish(self, outputs: tuple[Value, ...]) -> None:
        """Settle the outputs, and with them which nodes count."""
        self.outputs = outputs
        read = set(outputs)
        kept = []
        for node in reversed(self.nodes):
            if read.isdisjoint(node.outputs):
                self.unread.append(node)
            else:
                kept.append(node)
                read.update(read_by(node))
        if self.unread:
            gone = set(self.unread)
            gone_before = [0, *accumulate(node in gone for node in self.nodes)]
            for instance in self.instances:
                instance.position -= gone_before[instance.position]
            self.nodes = kept[::-1]

    def import_value(self, value: Value) -> Value:
        """The value as this graph sees it: a tensor of an enclosing graph becomes a captured input."""
        if value.graph is self or value.constant is not None:
            return value
        found = self.captures.get(value)
        if found is None:
            found = self.captures[value] = self.add_input(value.type, value.name)
        return found

    def captured_for(self, body: Graph) -> tuple[Value, ...]:
        """What this graph must pass for the tensors that `body` captured, in order."""
        return tuple(self.import_value(value) for value in body.captures)

    def declare(self, name: str, span: Span) -> Instance:
        """A shared layer of this graph, created at this point of it."""
        instance = Instance(name, span, len(self.nodes))
        self.instances.append(instance)
        return instance

    @property
    def output_types(self) -> tuple[TensorType, ...]:
        return tuple(value.type for value in self.outputs)


def read_by(node: Node) -> list[Value]:
    """Every tensor a node reads, call-time ones too; no constants."""
    values: list[Value | None] = list(node.operands)
    if isinstance(node, (OpNode, ScanNode)):
        for _, given in node.keywords:
            values += given if isinstance(given, tuple) else (given,)
    return [value for value in values if value is not None and value.constant is None]


def indexed_names(graph: Graph) -> Iterator[tuple[Node, str, int | None]]:
    """(node, name, first index) for each node: names that stand alone in their graph get None, others count up in
    order; a repeat counts for as many as it has copies."""
    totals: dict[str, int] = {}
    for node in graph.nodes:
        totals[node.name] = totals.get(node.name, 0) + copies(node)
    seen: dict[str, int] = {}
    for node in graph.nodes:
        index = seen.get(node.name, 0)
        seen[node.name] = index + copies(node)
        yield node, node.name, index if totals[node.name] > 1 else None


def body_of(node: Node) -> Graph | None:
    """The graph that a call, a repeat or a recurrence runs."""
    return node.body if isinstance(node, BodyNode) else None


def steps_of(node: Node) -> Dim:
    """How often what is in the node runs with the same weights."""
    return node.steps if isinstance(node, ScanNode) else 1


def copies(node: Node) -> int:
    """How many copies in sequence a node stands for."""
    return node.count if isinstance(node, RepeatNode) else 1
