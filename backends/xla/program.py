"""Owns the program of a model: pure functions over arrays by path. It interprets the hierarchical graph: calls and
repeats are entered, operators are leaves. What compiles and differentiates these functions is an engine's.

A flat dict of arrays by path is the tree of weights: 'stage[0]/conv2d/kernel' -> array. `weights` are those that
training moves, `state` the rest: statistics, frozen weights, seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.objects import Sizes
from netwright.backends.xla.arrays import bind_sizes
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.externs import check_allowed, check_names
from netwright.backends.xla.leaves import Arrays, Leaf, Slot, make_leaf
from netwright.backends.xla.scanning import Scan
from netwright.backends.xla.sites import Homes, Site, sites_of
from netwright.backends.xla.support import check_compiled
from netwright.compiler.ir import CallNode, Graph, Node, OpNode, RepeatNode, ScanNode, Tensors, Value
from netwright.compiler.layer_table import is_wrapper

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine
    from netwright.compiler.model import Model


@dataclass(slots=True)
class Result:
    """What one forward pass gives: outputs by name, the new state, the losses that layers added (activity
    penalties)."""

    outputs: Arrays
    state: Arrays
    losses: list[Any]


#: told of each node that has run: its path, the node, what it gave
Observe = Callable[[str, Node, Sequence[Any]], None]


def unobserved(path: str, node: Node, outputs: Sequence[Any]) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Place:
    """An array of the program: its path, and the slot of the leaf that takes it."""

    path: str
    site: Site
    slot: Slot


@dataclass(slots=True)
class _Run:
    """One forward pass under way."""

    arrays: Arrays
    sizes: Sizes
    training: bool
    observe: Observe = unobserved
    homes: Homes = field(default_factory=Homes)
    losses: list[Any] = field(default_factory=list)


class Program:
    """The pure functions of a compiled model. Weights are made by `initialization.initial_arrays`. Modules of externs
    are imported where `allow_extern` has them, or a package they are in."""

    def __init__(self, model: Model, engine: Engine, allow_extern: Sequence[str] = ()) -> None:
        graph = model.elaborated.graph
        if graph is None:
            raise ExecutionError(f"{model.name} has no model to run", help="give the spec a `model`")
        self.model = model
        self.engine = engine
        self.graph: Graph = graph
        self.inputs = model.elaborated.inputs
        self.outputs = model.elaborated.outputs
        self.sites = sites_of(graph)
        self._leaves: dict[Any, Leaf] = {}
        check_allowed(model.elaborated.modules, allow_extern)
        check_compiled(self.sites, engine.name, training=False)
        with engine.host():
            self.places = tuple(self._places())
            check_names(self.leaf(site.node) for site in self.sites)

    # ------------------------------------------------------------ arrays

    def _places(self) -> list[Place]:
        return [
            Place(f"{site.path}/{slot.name}", site, slot) for site in self.sites for slot in self.leaf(site.node).slots
        ]

    def leaf(self, node: OpNode) -> Leaf:
        """What computes the node; equal operators on equal types share one."""
        key = (node.op, *(value.type for value in node.operands), *node.keyword_types().items())
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = make_leaf(node)
        return found

    @cached_property
    def weight_places(self) -> tuple[Place, ...]:
        """The arrays that training moves."""
        return tuple(place for place in self.places if place.slot.trainable)

    @cached_property
    def state_places(self) -> tuple[Place, ...]:
        """The arrays that it does not."""
        return tuple(place for place in self.places if not place.slot.trainable)

    def split(self, arrays: Arrays) -> tuple[Arrays, Arrays]:
        """(weights, state) of arrays by path."""
        weights = {place.path: arrays[place.path] for place in self.weight_places}
        return weights, {place.path: arrays[place.path] for place in self.state_places}

    # ------------------------------------------------------------ functions

    def forward(
        self,
        weights: Arrays,
        state: Arrays,
        inputs: Arrays,
        *,
        training: bool = False,
        observe: Observe = unobserved,
    ) -> Result:
        """Outputs of `inputs`, by name. Pure: may be traced, differentiated and compiled. `observe` is told of the
        nodes in order of execution, but not of those in loops, whose arrays live there alone."""
        sizes = bind_sizes({name: value.type for name, value in self.inputs.items()}, inputs)
        run = _Run({**state, **weights}, sizes, training, observe)
        operands = [inputs[name] for name in self.inputs]
        outputs = self._enter(run, self.graph, operands, "", alone=False)
        named = dict(zip(self.outputs, outputs, strict=True))
        return Result(named, {path: run.arrays[path] for path in state}, run.losses)

    def penalty(self, weights: Arrays) -> Any:
        """The sum of the weights' regularizers, 0 for none. Each weight counts once, however often it is applied."""
        regularized = [place for place in self.weight_places if place.slot.variable.regularizer is not None]
        return sum(place.slot.variable.regularizer(weights[place.path]) for place in regularized)

    # ------------------------------------------------------------ interpretation

    def _enter(self, run: _Run, graph: Graph, operands: Sequence[Any], prefix: str, *, alone: bool) -> tuple[Any, ...]:
        """One call of a graph, iterating over its nodes: only nested blocks nest here."""
        values: dict[Value, Any] = dict(zip(graph.inputs, operands, strict=True))
        for node, paths in run.homes.nodes(graph, prefix, alone):
            outputs = _STEPS[type(node)](self, run, node, values, paths)
            run.observe(paths[-1], node, outputs)
            values.update(zip(node.outputs, outputs, strict=True))
        return tuple(values[value] for value in graph.outputs)

    def _operator(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        leaf = self.leaf(node)
        arrays = {slot.name: run.arrays[f"{paths[0]}/{slot.name}"] for slot in leaf.slots}
        keywords = {name: _taken(values, value) for name, value in node.keywords}
        applied = leaf([_taken(values, value) for value in node.operands], keywords, arrays, run.sizes, run.training)
        run.arrays.update((f"{paths[0]}/{name}", array) for name, array in applied.state.items())
        run.losses += applied.losses
        return applied.outputs

    def _call(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        operands = [_taken(values, value) for value in node.operands]
        return self._enter(run, node.body, operands, paths[0], alone=False)

    def _repeat(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        """The copies one after another, each with its own weights."""
        operands = [_taken(values, value) for value in node.operands]
        carried, captured = operands[: len(node.outputs)], operands[len(node.outputs) :]
        for path in paths:
            carried = list(self._enter(run, node.body, [*carried, *captured], path, alone=is_wrapper(node)))
        return carried

    def _scan(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        """The cell at each step. What it changed of the arrays would be the loop's own; the compiler sees to it that it
        changes none."""
        sequences, *captured = [_taken(values, value) for value in node.operands]
        keywords = {name: _taken(values, value) for name, value in node.keywords}
        inside = replace(run, arrays=dict(run.arrays), losses=[], observe=unobserved)

        def step(x: Any, states: Sequence[Any]) -> Sequence[Any]:
            return self._enter(inside, node.body, [x, *states, *captured], paths[0], alone=False)

        return Scan(node, run.sizes).run(self.engine, step, sequences, **keywords)


_STEPS: dict[type[Node], Callable[[Program, _Run, Any, dict[Value, Any], tuple[str, ...]], Sequence[Any]]] = {
    OpNode: Program._operator,
    CallNode: Program._call,
    RepeatNode: Program._repeat,
    ScanNode: Program._scan,
}


def _taken(values: dict[Value, Any], value: Tensors) -> Any:
    """The array that a value stands for; a number where the spec wrote one."""
    if isinstance(value, tuple):
        return [None if item is None else _taken(values, item) for item in value]
    return values[value] if value.constant is None else value.constant
