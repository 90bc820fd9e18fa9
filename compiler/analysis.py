"""Owns what a graph costs: parameters, weight bytes, MACs and FLOPs, each graph counted once however often called.
MACs are multiply-adds of convolutions, dense layers, matmul/einsum, recurrent layers and attention, biases not counted;
FLOPs are 2 MACs plus elementwise work (docs/costs.md). An unknown cost is None, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from netwright.compiler.dims import Dim, SymbolicDim
from netwright.compiler.dtypes import byte_size
from netwright.compiler.ir import BodyNode, Graph, Instance, Node, OpNode, copies, steps_of
from netwright.compiler.ops.op import Weight
from netwright.dsl.diagnostics import CompilerBug
from netwright.dsl.records import entity, field, record


@record
class Parameters:
    """Numbers of weights' elements, and their bytes."""

    trainable: int = 0
    non_trainable: int = 0
    bytes: int = 0

    @property
    def total(self) -> int:
        return self.trainable + self.non_trainable

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            self.trainable + other.trainable, self.non_trainable + other.non_trainable, self.bytes + other.bytes
        )

    def __mul__(self, count: int) -> Parameters:
        return Parameters(self.trainable * count, self.non_trainable * count, self.bytes * count)


@entity
class Cost:
    """What one graph or node costs. `shared` are instances that a graph further out owns: their weights count there."""

    parameters: Parameters = Parameters()
    macs: Dim | None = 0
    flops: Dim | None = 0
    shared: dict[Instance, Parameters] = field(default_factory=dict)

    def add(self, other: Cost, count: int = 1) -> None:
        self.parameters += other.parameters * count
        self.macs = _plus(self.macs, other.macs, count)
        self.flops = _plus(self.flops, other.flops, count)
        self.shared.update(other.shared)

    def repeated(self, count: int, steps: Dim = 1) -> Cost:
        """That of so many copies, each at so many steps."""
        if count == 1 and steps == 1:
            return self
        cost = Cost()
        cost.add(self, count)
        cost.macs, cost.flops = _times(cost.macs, steps), _times(cost.flops, steps)
        return cost


def _plus(total: Dim | None, more: Dim | None, count: int) -> Dim | None:
    return None if total is None or more is None else total + more * count


def _times(cost: Dim | None, steps: Dim) -> Dim | None:
    return None if cost is None else cost * steps


class Analysis:
    """Costs of graphs and nodes, remembered by graph."""

    def __init__(self) -> None:
        self._graphs: dict[Graph, Cost] = {}
        self._weights: dict[object, Cost] = {}

    def of_graph(self, graph: Graph) -> Cost:
        """One call of the graph."""
        found = self._graphs.get(graph)
        if found is None:
            found = Cost()
            for node in graph.nodes:
                found.add(self.of_node(node))
            for instance in graph.instances:
                found.parameters += found.shared.pop(instance, Parameters())
            self._graphs[graph] = found
        return found

    def of_node(self, node: Node) -> Cost:
        """One node; a repeat with all its copies."""
        cost = self._plain(node)
        if node.instance is None:
            return cost
        shared = {**cost.shared, node.instance: cost.parameters}
        return Cost(Parameters(), cost.macs, cost.flops, shared)

    def _plain(self, node: Node) -> Cost:
        if isinstance(node, OpNode):
            return self._operator(node)
        if isinstance(node, BodyNode):
            return self.of_graph(node.body).repeated(copies(node), steps_of(node))
        raise CompilerBug(f"no cost is known of a {type(node).__name__}")

    def _operator(self, node: OpNode) -> Cost:
        types = [*node.operand_types(), *(value.type for value in node.outputs)]
        key = (node.op, *types) if not node.keywords else node
        found = self._weights.get(key)
        if found is None:
            found = Cost(count_parameters(node.weights()), node.op.macs(*types), node.op.flops(*types))
            self._weights[key] = found
        return found


def count_parameters(weights: Iterable[Weight]) -> Parameters:
    """The elements and bytes of weights, whose shapes must be known."""
    trainable = non_trainable = size_in_bytes = 0
    for weight in weights:
        size = prod(_known(dim, weight) for dim in weight.shape)
        size_in_bytes += size * (byte_size(weight.dtype) or 0)
        if weight.trainable:
            trainable += size
        else:
            non_trainable += size
    return Parameters(trainable, non_trainable, size_in_bytes)


def _known(dim: Dim, weight: Weight) -> int:
    if isinstance(dim, SymbolicDim):
        raise CompilerBug(f"weight {weight.name} has a symbolic shape")
    return dim
