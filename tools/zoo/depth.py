"""Owns the depth of a model: the layers with weights on its longest path. A layer counts if it multiplies by weights:
convolutions, dense layers, recurrent ones, attention, and products with a free `weight()`; not normalization,
embeddings or activations. A recurrence counts once, not at every step."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.ir import BodyNode, Graph, Node, OpNode, RepeatNode, Value, read_by

#: of one tensor; none for what does not depend on the inputs: weights, and what is made of them alone
Depth = int | None


def depth_of(graph: Graph) -> int:
    """Of all outputs, the greatest."""
    return _greatest(_Depths().of_graph(graph, (0,) * len(graph.inputs))) or 0


class _Depths:
    """Depths of the outputs of graphs, remembered by those of their inputs."""

    def __init__(self) -> None:
        self._known: dict[tuple[Graph, tuple[Depth, ...]], tuple[Depth, ...]] = {}

    def of_graph(self, graph: Graph, inputs: tuple[Depth, ...]) -> tuple[Depth, ...]:
        low = min((depth for depth in inputs if depth is not None), default=0)
        key = graph, _shifted(inputs, -low)
        if key not in self._known:
            self._known[key] = self._run(*key)
        return _shifted(self._known[key], low)

    def _run(self, graph: Graph, inputs: tuple[Depth, ...]) -> tuple[Depth, ...]:
        depths = dict(zip(graph.inputs, inputs, strict=True))
        for node in graph.nodes:
            depths |= zip(node.outputs, self._made(node, depths), strict=True)
        return tuple(depths.get(value) for value in graph.outputs)

    def _made(self, node: Node, depths: dict[Value, Depth]) -> tuple[Depth, ...]:
        if not isinstance(node, BodyNode):
            return (_operator(node, [depths[value] for value in read_by(node)]),) * len(node.outputs)
        entries = tuple(None if value is None else depths.get(value) for value in node.entries())
        if isinstance(node, RepeatNode):
            for _ in range(node.count):
                made = self.of_graph(node.body, entries)
                entries = (*made, *entries[len(made) :])
            return entries[: len(node.outputs)]
        made = self.of_graph(node.body, entries)
        return tuple(made[index] for index in node.exits())


def _operator(node: Node, read: list[Depth]) -> Depth:
    deepest = _greatest(read)
    if deepest is None or not isinstance(node, OpNode):
        return deepest
    multiplies = node.op.macs(*node.operand_types(), *(value.type for value in node.outputs)) != 0
    return deepest + (multiplies and (None in read or bool(node.weights())))


def _greatest(depths: Iterable[Depth]) -> Depth:
    return max((depth for depth in depths if depth is not None), default=None)


def _shifted(depths: tuple[Depth, ...], by: int) -> tuple[Depth, ...]:
    return tuple(None if depth is None else depth + by for depth in depths)
