"""Owns which names of layers (`dense(3, name="logits")`) emitted code keeps: Keras refuses a model with one name on two
of its layers, so names in blocks that are called again, in repeats, or equal to another's are left to its numbering."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from netwright.backends.keras.evidence import Place, graphs_of, place_of
from netwright.compiler.elaborate import Elaborated
from netwright.compiler.ir import Graph, Node, OpNode, ScanNode, body_of, copies
from netwright.dsl.source import Span

_NUMBER = re.compile(r"_\d+$")


class LayerNames:
    """The names of layers, by the place of the application, or of the declaration of a shared one."""

    def __init__(self, elaborated: Elaborated) -> None:
        graph = elaborated.graph
        self._named: dict[Place, set[str]] = {}
        #: what Keras's own names of the model's layers begin with, without underscores
        self._automatic: set[str] = set()
        for each in graphs_of(graph) if graph else ():
            for span, node in _made_in(each):
                self._note(span, node)
        self._counts = _counted(graph, {}) if graph else Counter()
        self._counts.update(elaborated.inputs.keys())

    def _note(self, span: Span, node: Node) -> None:
        if not isinstance(node, (OpNode, ScanNode)):
            return
        self._automatic.add(_plain(node.op.keras.rpartition(".")[2]))
        name = _name_of(node)
        if name:
            self._named.setdefault(place_of(span), set()).add(name)

    def is_kept(self, place: Span) -> bool:
        """Whether the layer made at this place can have the name that the spec gives it."""
        names = self._named.get(place_of(place), ())
        return all(self._counts[name] < 2 and _plain(name) not in self._automatic for name in names)


def _made_in(graph: Graph) -> Iterator[tuple[Span, Node]]:
    """Where the graph makes layers, and the first application of each."""
    yield from ((node.span, node) for node in (*graph.nodes, *graph.unread) if node.instance is None)
    yield from ((shared.span, shared.first) for shared in graph.instances if shared.first is not None)


def _counted(graph: Graph, known: dict[Graph, Counter[str]]) -> Counter[str]:
    """How many layers have each name, in all that the graph calls and repeats."""
    if graph not in known:
        counts: Counter[str] = Counter()
        for _, node in _made_in(graph):
            inner = body_of(node)
            name = _name_of(node)
            for each, count in _counted(inner, known).items() if inner else ():
                counts[each] += count * copies(node)
            if name:
                counts[name] += 1
        known[graph] = counts
    return known[graph]


def _plain(name: str) -> str:
    return _NUMBER.sub("", name).replace("_", "").lower()


def _name_of(node: Node) -> str | None:
    return getattr(node.op, "name", None) if isinstance(node, (OpNode, ScanNode)) else None
