"""Owns the table of a model's layers: one row for every operator application with its path, or for every node of one
level. Repeats can be laid out copy by copy or kept as one row with a count."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.compiler.analysis import Analysis, Cost, Parameters
from netwright.compiler.dims import Dim
from netwright.compiler.ir import (
    Graph,
    Instance,
    Node,
    OpNode,
    RepeatNode,
    ScanNode,
    body_of,
    copies,
    indexed_names,
    steps_of,
)
from netwright.compiler.types import TensorType
from netwright.dsl.records import record


@record
class Row:
    """One node at one place of the model. `depth` counts enclosing blocks; `repeats` the copies that the row and the
    rows below it stand for (1 where copies are laid out); `steps` how often the recurrences around it run it, which
    the cost counts."""

    path: str
    node: Node
    depth: int
    repeats: int
    cost: Cost
    steps: Dim = 1
    within: tuple[Node, ...] = ()

    @property
    def kind(self) -> str:
        """The operator's name in flow, or the block's."""
        return self.node.op.name_in_flow if isinstance(self.node, (OpNode, ScanNode)) else self.node.name

    @property
    def copies(self) -> int:
        """How many copies in sequence the row itself stands for."""
        return copies(self.node)

    @property
    def types(self) -> tuple[TensorType, ...]:
        return tuple(value.type for value in self.node.outputs)


def layer_rows(graph: Graph, analysis: Analysis) -> Iterator[Row]:
    """Every operator application in order of execution, repeats laid out copy by copy; the weights of a shared layer
    stand in the rows of its first application."""
    yield from _expanded(graph, analysis, "", set(), counted=True)


def _expanded(
    graph: Graph,
    analysis: Analysis,
    prefix: str,
    seen: set[Instance],
    *,
    counted: bool,
    steps: Dim = 1,
    alone: bool = False,
) -> Iterator[Row]:
    """`seen`: instances whose weights stand in a row already. `counted` is false inside their later applications. The
    only node of a graph that stands `alone` in its repeat has the path of that."""
    seen -= set(graph.instances)  # each call of the graph has instances of its own
    for node, name, index in indexed_names(graph):
        counts = counted and node.instance not in seen
        if node.instance is not None:
            seen.add(node.instance)
        for copy in range(copies(node)):
            own = f"{prefix}/{name}" if prefix else name
            path = prefix if alone else own if index is None else f"{own}[{index + copy}]"
            inner = body_of(node)
            if inner is None:
                cost = _counted(analysis.of_node(node), node, counts).repeated(1, steps)
                yield Row(path, node, path.count("/"), 1, cost, steps)
            else:
                again, only = steps * steps_of(node), is_wrapper(node)
                yield from _expanded(inner, analysis, path, seen, counted=counts, steps=again, alone=only)


def _counted(cost: Cost, node: Node, counts: bool) -> Cost:
    """The cost with the weights where they count, without where they stand in an earlier row."""
    if not counts:
        return Cost(Parameters(), cost.macs, cost.flops)
    if node.instance is not None:
        return Cost(cost.shared[node.instance], cost.macs, cost.flops)
    return cost


def tree_rows(graph: Graph, analysis: Analysis) -> Iterator[Row]:
    """Every node, blocks before what is in them; a repeat is one row with its count."""
    yield from _nested(graph, analysis, "", 1, 1, within=())


def _nested(
    graph: Graph, analysis: Analysis, prefix: str, repeats: int, steps: Dim, *, within: tuple[Node, ...]
) -> Iterator[Row]:
    for node, name, index in indexed_names(graph):
        count = copies(node)
        last = "" if index is None or count == 1 else f"..{index + count - 1}"
        path = f"{prefix}{name}" + ("" if index is None else f"[{index}{last}]")
        cost = analysis.of_node(node).repeated(1, steps)
        yield Row(path, node, path.count("/"), repeats * count, cost, steps, within)
        only = lone(node)
        inner = body_of(only)
        if inner is not None:
            around = within + ((node,) if only is node else (node, only))
            yield from _nested(inner, analysis, f"{path}/", repeats * count, steps * steps_of(only), within=around)


def is_wrapper(node: Node) -> bool:
    """Whether a repeat's body is a single operator or recurrence: its path needs no level of its own."""
    return isinstance(node, RepeatNode) and len(node.body.nodes) == 1 and isinstance(node.body.nodes[0], _LONE)


_LONE = (OpNode, ScanNode)


def lone(node: Node) -> Node:
    """What such a repeat has copies of; any other node itself."""
    return node.body.nodes[0] if isinstance(node, RepeatNode) and is_wrapper(node) else node
