"""Owns which copies of a body run as one loop of the program: the copies of a repeat, and calls one after another of
blocks that are alike. What is compiled is then one copy. Whether a loop is also faster is a rule's to say.

Copies are alike if their graphs are, but for initializers and for what an operator can take as data (the rate of a
dropout)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from netwright.backends.xla.sites import Homes
from netwright.backends.xla.varied import is_varied
from netwright.compiler.ir import BodyNode, CallNode, Graph, Node, OpNode, Value, copies, read_by
from netwright.compiler.ops.op import Op

#: an operator of the first copy that takes something as data -> the operator in each copy
Varied = dict[OpNode, tuple[OpNode, ...]]
Paths = tuple[str, ...]
#: whether copies that can be a loop are to be one
Rule = Callable[["Loop"], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Copies in sequence: what one makes the next one takes. nodes: a repeat, or calls."""

    nodes: tuple[BodyNode, ...]
    varied: Varied = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(copies(node) for node in self.nodes)

    @property
    def body(self) -> Graph:
        return self.nodes[0].body

    @property
    def bodies(self) -> list[Graph]:
        """The graph of each copy."""
        return [node.body for node in self.nodes for _ in range(copies(node))]

    @property
    def operands(self) -> tuple[Value, ...]:
        """What the first copy takes: as many as the outputs go from copy to copy, the rest is the same for all."""
        return self.nodes[0].operands

    @property
    def outputs(self) -> tuple[Value, ...]:
        return self.nodes[-1].outputs

    def operators(self) -> Iterator[Op]:
        """Every operator of a copy."""
        return (node.op for graph in graphs_in(self.body) for node in graph.nodes if isinstance(node, OpNode))


class Loops:
    """The loops of a model's graphs that a rule wants; no rule wants none."""

    def __init__(self, rule: Rule | None) -> None:
        self._rule = rule
        self._found: dict[Graph, Sequence[Node | Loop]] = {}

    def walk(self, homes: Homes, graph: Graph, prefix: str, alone: bool) -> Iterator[tuple[Node | Loop, Paths]]:
        """`Homes.nodes` with those of a loop as one, which has the paths of all copies."""
        nodes = homes.nodes(graph, prefix, alone)
        for step in self._steps(graph):
            if isinstance(step, Loop):
                yield step, tuple(path for _ in step.nodes for path in next(nodes)[1])
            else:
                yield next(nodes)

    def _steps(self, graph: Graph) -> Sequence[Node | Loop]:
        if self._rule is None:
            return graph.nodes
        if graph not in self._found:
            self._found[graph] = [step for run in _runs(graph) for step in self._chosen(run)]
        return self._found[graph]

    def _chosen(self, run: list[Node]) -> Sequence[Node | Loop]:
        loop = _as_loop(run)
        return run if loop is None or self._rule is None or not self._rule(loop) else [loop]


#: every copy by itself
UNROLLED = Loops(None)


def _as_loop(run: list[Node]) -> Loop | None:
    """Nodes in sequence as one loop, if they are copies that need nothing of each other but what goes on."""
    nodes = tuple(node for node in run if isinstance(node, BodyNode))
    if len(nodes) != len(run) or sum(map(copies, nodes)) < 2 or not _stands_alone(nodes[0].body):
        return None
    varied: Varied = {}
    return Loop(nodes, varied) if _same_graphs([node.body for node in nodes], varied) else None


# ---------------------------------------------------------------- runs


def _runs(graph: Graph) -> Iterator[list[Node]]:
    """The nodes in order, calls that make up a chain of copies together."""
    counts = readers(graph)
    run: list[Node] = []
    for node in graph.nodes:
        if run and not _continues(run[-1], node, counts):
            yield run
            run = []
        run.append(node)
    if run:
        yield run


def readers(graph: Graph) -> dict[Value, int]:
    """How often each tensor is read; an output of the graph once more."""
    counts: dict[Value, int] = {}
    for value in [value for node in graph.nodes for value in read_by(node)] + list(graph.outputs):
        counts[value] = counts.get(value, 0) + 1
    return counts


def _continues(before: Node, node: Node, counts: Mapping[Value, int]) -> bool:
    """Whether the call takes what the one before made, and nothing else does."""
    if not (type(before) is type(node) is CallNode) or before.name != node.name or before.instance or node.instance:
        return False
    made = before.outputs
    return (
        node.operands[: len(made)] == made
        and node.operands[len(made) :] == before.operands[len(made) :]
        and all(counts[value] == 1 for value in made)
        and [value.type for value in node.operands] == [value.type for value in before.operands]
        and _same_graphs([before.body, node.body], {})
    )


# ---------------------------------------------------------------- copies alike


def _same_graphs(graphs: list[Graph], varied: Varied) -> bool:
    """Whether the graphs are copies; fills in what differs in them."""
    if len(graphs) == 1:
        return True
    first, *others = graphs
    if any(graph is not first and _signature(graph) != _signature(first) for graph in others):
        return False
    return all(_same_nodes(nodes, varied) for nodes in zip(*(graph.nodes for graph in graphs), strict=True))


def _same_nodes(nodes: tuple[Any, ...], varied: Varied) -> bool:
    if isinstance(nodes[0], OpNode):
        return _same_operators(nodes, varied)
    same = len({(copies(node), getattr(node, "op", None)) for node in nodes}) == 1
    return same and _same_graphs([node.body for node in nodes], varied)


def _same_operators(nodes: tuple[OpNode, ...], varied: Varied) -> bool:
    """Whether the operators are one with weights of its own in each copy. What a block's second call in the first copy
    differs in may not be what its first call does."""
    first = nodes[0].op
    if any(type(node.op) is not type(first) for node in nodes):
        return False
    attributes = [name for name, each in type(first).attributes().items() if not _only_at_first(name, each.annotation)]
    if is_varied([node.op for node in nodes]):
        attributes.remove("rate")
        if varied.setdefault(nodes[0], nodes) != nodes:
            return False
    return all(getattr(node.op, name) == getattr(first, name) for name in attributes for node in nodes)


def _only_at_first(name: str, annotation: str) -> bool:
    """Whether the attribute says what arrays begin with, and nothing else."""
    return name == "seed" or "Initializer" in annotation.split(" | ")


def _signature(graph: Graph) -> Any:
    """What wires the nodes of a graph: where each takes its tensors from, and the types it makes."""
    numbers: dict[Value, int] = {value: index for index, value in enumerate(graph.inputs)}
    shared = {instance: index for index, instance in enumerate(graph.instances)}
    rows: list[Any] = [tuple(value.type for value in graph.inputs)]

    def number(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(number, value))
        return None if value is None else numbers.get(value, value.constant)

    for node in graph.nodes:
        keywords = [(name, number(given)) for name, given in getattr(node, "keywords", ())]
        taken = tuple(map(number, node.operands))
        types = tuple(value.type for value in node.outputs)
        rows.append((type(node), node.name, taken, keywords, types, node.instance and shared.get(node.instance)))
        numbers.update({value: len(numbers) + index for index, value in enumerate(node.outputs)})
    return (*rows, tuple(map(number, graph.outputs)))


# ---------------------------------------------------------------- what a copy holds


def graphs_in(graph: Graph) -> Iterator[Graph]:
    """The graph and those of what it calls, each once."""
    seen = {graph}
    waiting = [graph]
    while waiting:
        found = waiting.pop()
        yield found
        inner = {node.body for node in found.nodes if isinstance(node, BodyNode)} - seen
        seen |= inner
        waiting += inner


def _stands_alone(body: Graph) -> bool:
    """Whether a copy leaves nothing behind but its outputs, and has all its layers to itself: one that is shared with
    what stands outside has one array for all copies."""
    graphs = list(graphs_in(body))
    own = {instance for graph in graphs for instance in graph.instances}
    nodes = [node for graph in graphs for node in graph.nodes]
    return all(node.instance is None or node.instance in own for node in nodes) and not any(map(_makes_mask, nodes))


def _makes_mask(node: Node) -> bool:
    """Whether Keras leaves a mask on its output that layers further on take."""
    op = getattr(node, "op", None)
    return op is not None and (op.keras == "layers.Masking" or getattr(op, "mask_zero", False))
