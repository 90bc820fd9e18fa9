"""Owns the memory of inference: a forward pass that frees each tensor after its last use. Each graph is walked once for
each choice of the inputs that its caller goes on to use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from netwright.compiler.ir import BodyNode, Graph, Node, OpNode, RepeatNode, ScanNode, Value, read_by
from netwright.compiler.tensor_bytes import TensorBytes, types_around
from netwright.dsl.diagnostics import CompilerBug

#: for each input of a graph, whether it stays when the graph is done with it
Stays = tuple[bool, ...]


class Inference:
    """The most bytes alive at once."""

    def __init__(self, bytes: TensorBytes) -> None:
        self._bytes = bytes
        self._peaks: dict[tuple[Graph, Stays], int] = {}

    def peak(self, graph: Graph, stays: Stays | None = None) -> int:
        """Of one call, its inputs included."""
        stays = stays or (False,) * len(graph.inputs)
        found = self._peaks.get((graph, stays))
        if found is None:
            found = self._peaks[graph, stays] = self._walk(graph, stays)
        return found

    def peak_of(self, node: Node) -> int:
        """Of one node, its operands included, when nothing else is alive and nothing but its outputs is used later."""
        operands = dict.fromkeys(read_by(node))
        return self._bytes.all(operands) + self._beyond(node, operands)

    def _walk(self, graph: Graph, stays: Stays) -> int:
        last = {value: index for index, node in enumerate(graph.nodes) for value in read_by(node)}
        staying = (value for value, stay in zip(graph.inputs, stays, strict=True) if stay)
        last.update(dict.fromkeys((*staying, *graph.outputs), len(graph.nodes)))
        dying: dict[int, list[Value]] = {}
        for value, index in last.items():
            dying.setdefault(index, []).append(value)
        alive = peak = self._bytes.all(graph.inputs)
        for index, node in enumerate(graph.nodes):
            freed = dying.get(index, ())
            peak = max(peak, alive + self._beyond(node, freed))
            alive += self._bytes.all(node.outputs) - self._bytes.all(freed)
            alive -= self._bytes.all(value for value in node.outputs if value not in last)
        return peak

    def _beyond(self, node: Node, freed: Collection[Value]) -> int:
        """The most that is alive while a node runs beyond what was alive before; `freed`: what nobody reads later."""
        made = self._bytes.all(node.outputs)
        if isinstance(node, OpNode):
            return made + self._bytes.elements(node.op.workspace(*types_around(node)))
        if not isinstance(node, BodyNode):
            raise CompilerBug(f"no memory is known of a {type(node).__name__}")
        if isinstance(node, ScanNode):  # a step and its states are beside the whole sequences
            captured = tuple(value in node.body.captures.values() for value in node.body.inputs)
            return made + self.peak(node.body, captured) - self._bytes.all(node.body.captures.values())
        given, times = self._bytes.all(node.body.inputs), Counter(node.operands)
        stays = tuple(value not in freed or times[value] > 1 for value in node.operands)
        if not isinstance(node, RepeatNode) or node.count == 1:
            return max(made, self.peak(node.body, stays) - given)
        return max(made, self._repeated(node, stays) - given)

    def _repeated(self, node: RepeatNode, stays: Stays) -> int:
        """The first copy, then those that take what the one before made, and free it."""
        carried = len(node.outputs)
        held = (value for value, stay in zip(node.operands[:carried], stays, strict=False) if stay)
        others = (*(False for _ in node.outputs), *(True for _ in node.operands[carried:]))
        return max(self.peak(node.body, stays), self._bytes.all(held) + self.peak(node.body, others))
