"""Owns where weights stand: the path of every operator of a model with repeats and calls laid out, and the order in
which code that builds the model would create them. Knows no framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from netwright.compiler.ir import Graph, Instance, Node, OpNode, body_of, copies, indexed_names
from netwright.compiler.layer_table import is_wrapper


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One operator at one place of the model; a shared layer has one, that of its first application.

    path: as in `check --format json`. order: sites sorted by it stand in order of creation, shared layers where they
    are declared and not where they are first applied."""

    path: str
    node: OpNode
    order: tuple[int, ...]


class Homes:
    """The paths under which the weights of nodes stand, found while a graph is walked in order of execution. Each walk
    needs its own: the path of a shared layer is that of its first application."""

    def __init__(self) -> None:
        self._shared: dict[Instance, str] = {}

    def copy(self) -> Homes:
        """A walk that goes on from here by itself."""
        made = Homes()
        made.update(self)
        return made

    def update(self, other: Homes) -> None:
        """Know what the other walk has found."""
        self._shared.update(other._shared)

    def enter(self, graph: Graph) -> None:
        """A call of the graph begins: its shared layers are new ones."""
        for instance in graph.instances:
            self._shared.pop(instance, None)

    def nodes(self, graph: Graph, prefix: str, alone: bool = False) -> Iterator[tuple[Node, tuple[str, ...]]]:
        """Every node with the path of each of its copies. `prefix` is the path of the call; the only node of a graph
        that stands `alone` in its repeat has that path itself."""
        self.enter(graph)
        for node, name, index in indexed_names(graph):
            if alone:
                paths: tuple[str, ...] = (prefix,)
            else:
                start = f"{prefix}/{name}" if prefix else name
                paths = (start,) if index is None else tuple(f"{start}[{index + i}]" for i in range(copies(node)))
            if node.instance is not None:
                paths = (self._shared.setdefault(node.instance, paths[0]),)
            yield node, paths


def sites_of(graph: Graph) -> tuple[Site, ...]:
    """Every operator of the model that may own arrays, in order of execution."""
    return tuple(_Walk().graph(graph, "", (), alone=False))


class _Walk:
    def __init__(self) -> None:
        self.homes = Homes()
        self.seen: set[Instance] = set()
        self.declared: dict[Instance, tuple[int, ...]] = {}

    def graph(self, graph: Graph, prefix: str, order: tuple[int, ...], *, alone: bool) -> Iterator[Site]:
        """The sites in one call of the graph. A node's place in the order of creation is (index, 1), that of a shared
        layer (index of the node it stands before, 0, which of those)."""
        self.seen.difference_update(graph.instances)
        for number, instance in enumerate(graph.instances):
            self.declared[instance] = (*order, instance.position, 0, number)
        for index, (node, paths) in enumerate(self.homes.nodes(graph, prefix, alone)):
            if node.instance in self.seen:
                continue
            place = (*order, index, 1)
            if node.instance is not None:
                self.seen.add(node.instance)
                place = self.declared[node.instance]
            yield from self.node(node, paths, place)

    def node(self, node: Node, paths: tuple[str, ...], order: tuple[int, ...]) -> Iterator[Site]:
        inner = body_of(node)
        if isinstance(node, OpNode):
            yield Site(paths[0], node, order)
        elif inner is not None:
            for copy, path in enumerate(paths):
                yield from self.graph(inner, path, (*order, copy), alone=is_wrapper(node))


def in_order_of_creation(sites: tuple[Site, ...]) -> list[Site]:
    """The sites as code that builds the model creates them."""
    return sorted(sites, key=lambda site: site.order)
