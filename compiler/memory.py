"""Owns how much memory activations take: the most bytes of tensors that are alive at once."""

from __future__ import annotations

from netwright.compiler.dims import Dim, substitute
from netwright.compiler.ir import CallNode, Graph, Node, RepeatNode, Value, read_by


def peak_memory(graph: Graph, sizes: dict[str, int]) -> int | None:
    """The most bytes of activations alive at once in a forward pass that frees each tensor after its last use; the
    graph's inputs included. `sizes` gives the symbolic dims; None where one is missing or a dtype has no size."""
    try:
        return _Liveness(sizes).peak(graph)
    except _Unknown:
        return None


class _Unknown(Exception):
    """A tensor's size is not known."""


class _Liveness:
    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes: dict[str, Dim] = dict(sizes)
        self._peaks: dict[Graph, int] = {}

    def peak(self, graph: Graph) -> int:
        found = self._peaks.get(graph)
        if found is None:
            found = self._peaks[graph] = self._walk(graph)
        return found

    def _walk(self, graph: Graph) -> int:
        last = {value: index for index, node in enumerate(graph.nodes) for value in read_by(node)}
        last.update(dict.fromkeys(graph.outputs, len(graph.nodes)))
        dying: dict[int, list[Value]] = {}
        for value, index in last.items():
            dying.setdefault(index, []).append(value)
        alive = peak = sum(map(self._bytes, graph.inputs))
        for index, node in enumerate(graph.nodes):
            inside = self._inside(node)
            alive += sum(map(self._bytes, node.outputs))
            peak = max(peak, alive + inside)
            alive -= sum(self._bytes(value) for value in dying.get(index, ()))
            alive -= sum(self._bytes(value) for value in node.outputs if value not in last)
        return peak

    def _inside(self, node: Node) -> int:
        """What a call needs beyond its operands and outputs."""
        inner = node.graph if isinstance(node, CallNode) else node.body if isinstance(node, RepeatNode) else None
        if inner is None:
            return 0
        outside = sum(map(self._bytes, inner.inputs)) + sum(map(self._bytes, inner.outputs))
        return max(0, self.peak(inner) - outside)

    def _bytes(self, value: Value) -> int:
        size = value.type.bytes
        known = None if size is None else substitute(size, self._sizes)
        if not isinstance(known, int):
            raise _Unknown
        return known
