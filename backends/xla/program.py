"""Owns the program of a model: pure functions over arrays by path. It interprets the hierarchical graph: calls and
repeats are entered, operators are leaves. What compiles and differentiates these functions is an engine's.

A flat dict of arrays by path is the tree of weights: 'stage[0]/conv2d/kernel' -> array. `weights` are those that
training moves, `state` the rest: statistics, frozen weights, seeds. The copies of a loop are one array (`layout`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.objects import Sizes
from netwright.backends.xla.arrays import bind_sizes
from netwright.backends.xla.errors import ExecutionError
from netwright.backends.xla.externs import check_allowed, check_names
from netwright.backends.xla.forms import load_forms
from netwright.backends.xla.layout import Layout, Place
from netwright.backends.xla.leaves import Arrays, Leaf, make_leaf
from netwright.backends.xla.looping import Looped, is_masked, one_by_one
from netwright.backends.xla.loops import UNROLLED, Loop, Loops, graphs_in
from netwright.backends.xla.precision import layers_compute_in, settled
from netwright.backends.xla.rematerialization import computed_again
from netwright.backends.xla.scanning import Scan
from netwright.backends.xla.sites import Homes, Site, sites_of
from netwright.backends.xla.support import check_compiled, check_precision
from netwright.backends.xla.target import ANY, Target
from netwright.backends.xla.varied import VariedLeaf
from netwright.compiler.ir import CallNode, Graph, Node, OpNode, RepeatNode, ScanNode, Tensors, Value
from netwright.compiler.layer_table import is_wrapper
from netwright.compiler.rematerialization import REMATERIALIZED

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine, Step
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


@dataclass(slots=True)
class _Run:
    """One forward pass under way."""

    arrays: Arrays
    sizes: Sizes
    training: bool
    observe: Observe = unobserved
    homes: Homes = field(default_factory=Homes)
    losses: list[Any] = field(default_factory=list)
    #: what operators of a loop's copies take as data: their rates
    rates: dict[OpNode, Any] = field(default_factory=dict)

    def total_loss(self) -> Any:
        """The sum of the losses so far."""
        from keras import ops

        return sum(self.losses, ops.zeros(()))


class Program:
    """The pure functions of a compiled model. Weights are made by `initialization.initial_arrays`. Modules of externs
    are imported where the target allows them."""

    def __init__(self, model: Model, engine: Engine, target: Target = ANY) -> None:
        graph = model.elaborated.graph
        if graph is None:
            raise ExecutionError(f"{model.name} has no model to run", help="give the spec a `model`")
        self.model = model
        self.engine = engine
        self.inputs = model.elaborated.inputs
        self.outputs = model.elaborated.outputs
        self.remat = target.remat or "none"
        self.precision = target.precision or "f32"
        self.loops = Loops({"scan": lambda loop: True, "unroll": None, "auto": engine.runs_as_loop}[target.repeat])
        self._leaves: dict[Any, Leaf] = {}
        self._forms = load_forms(engine.name, engine.device)
        check_allowed(model.elaborated.modules, target.allow_extern)
        sites = sites_of(graph)
        check_compiled(sites, engine.name, training=False)
        check_precision(sites, engine.name, engine.device, self.precision)
        self._lay_out(graph, sites)

    def _lay_out(self, graph: Graph, sites: tuple[Site, ...]) -> None:
        self.graph = graph
        self.sites = sites
        with self.engine.host():
            self.places = tuple(self._places())
            check_names(self.leaf(site.node) for site in self.sites)
            for node in (node for inner in graphs_in(graph) for node in inner.nodes if isinstance(node, OpNode)):
                self.leaf(node)  # of shared layers' further applications too: made later, it would be traced
        self.layout = Layout(self.places, graph, self.loops)
        self._states = frozenset(entry.path for entry in self.layout.state)

    def with_graph(self, graph: Graph) -> Program:
        """The same for another graph, which takes and makes the same."""
        program = copy(self)
        program._lay_out(graph, sites_of(graph))
        return program

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
            with layers_compute_in(self.precision):
                found = self._leaves[key] = make_leaf(node, self._forms)
        return found

    def split(self, arrays: Mapping[str, Any]) -> tuple[Arrays, Arrays]:
        """(weights, state) of arrays by path, as the functions below take them."""
        return self.layout.split(arrays)

    def laid_out(self) -> Program:
        """The same with every copy by itself, so that each may be observed."""
        program = copy(self)
        program.loops, program.remat = UNROLLED, "none"
        program._lay_out(self.graph, self.sites)
        return program

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
        weights, state = self.layout.split({**state, **weights})
        run = _Run({**weights, **state}, sizes, training, observe)
        operands = [inputs[name] for name in self.inputs]
        outputs = self._enter(run, self.graph, operands, "", alone=False)
        named = dict(zip(self.outputs, outputs, strict=True))
        return Result(named, {path: run.arrays[path] for path in state}, run.losses)

    def penalty(self, weights: Arrays) -> Any:
        """The sum of the weights' regularizers, 0 for none. Each weight counts once, however often it is applied."""
        return sum(
            entry.penalty(weights) for entry in self.layout.weights if entry.slot.variable.regularizer is not None
        )

    # ------------------------------------------------------------ interpretation

    def _enter(self, run: _Run, graph: Graph, operands: Sequence[Any], prefix: str, *, alone: bool) -> tuple[Any, ...]:
        """One call of a graph, iterating over its nodes: only nested blocks nest here."""
        values: dict[Value, Any] = dict(zip(graph.inputs, operands, strict=True))
        for step, paths in self.loops.walk(run.homes, graph, prefix, alone):
            outputs = _STEPS[type(step)](self, run, step, values, paths)
            if not isinstance(step, Loop):
                run.observe(paths[-1], step, outputs)
            values.update(zip(step.outputs, outputs, strict=True))
        return tuple(values[value] for value in graph.outputs)

    def _operator(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        import keras

        leaf = self.leaf(node)
        arrays = {slot.name: run.arrays[f"{paths[0]}/{slot.name}"] for slot in leaf.slots}
        keywords = {name: _taken(values, value) for name, value in node.keywords}
        operands = [_taken(values, value) for value in node.operands]
        if node in run.rates:
            leaf = VariedLeaf(leaf, run.rates[node])
        with self.engine.scope(paths[0]):
            applied = leaf(operands, keywords, arrays, run.sizes, run.training)
        run.arrays.update((f"{paths[0]}/{name}", array) for name, array in applied.state.items())
        run.losses += [keras.ops.cast(loss, "float32") for loss in applied.losses]
        return applied.outputs

    def _call(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        return self._body(run, node, [_taken(values, value) for value in node.operands], paths[0])

    def _repeat(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        """The copies one after another, each with its own weights."""
        operands = [_taken(values, value) for value in node.operands]
        carried, captured = operands[: len(node.outputs)], operands[len(node.outputs) :]
        for path in paths:
            carried = list(self._body(run, node, [*carried, *captured], path))
        return carried

    def _body(self, run: _Run, node: Any, operands: Sequence[Any], path: str) -> Sequence[Any]:
        """One call of a block, or one copy."""
        alone = is_wrapper(node)
        if not (run.training and isinstance(node, REMATERIALIZED[self.remat])):
            return self._enter(run, node.body, operands, path, alone=alone)
        homes = run.homes.copy()
        paths = self.layout.paths_in(node.body, path, homes.copy(), alone=alone)

        def body(given: Sequence[Any], arrays: Arrays) -> tuple[Sequence[Any], Arrays, Any]:
            operands, rates = given[: len(node.body.inputs)], given[len(node.body.inputs) :]
            rates_by_operator = dict(zip(run.rates, rates, strict=True))
            inside = replace(run, arrays=dict(arrays), losses=[], homes=homes.copy(), rates=rates_by_operator)
            outputs = self._enter(inside, node.body, operands, path, alone=alone)
            run.homes.update(inside.homes)
            state = {each: inside.arrays[each] for each in arrays if each in self._states}
            return outputs, state, inside.total_loss()

        taken = {each: run.arrays[each] for each in run.arrays if each in paths}
        outputs, state, losses = computed_again(self.engine, body, [*operands, *run.rates.values()], taken)
        run.arrays.update(state)
        run.losses.append(losses)
        return outputs

    def _loop(self, run: _Run, loop: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        """The copies as one loop over their arrays, which carries the losses that layers add, too."""
        import keras

        operands = [_taken(values, value) for value in loop.operands]
        carried, captured = operands[: len(loop.outputs)], operands[len(loop.outputs) :]
        looped = Looped.of(loop, self.layout, paths[0], run.rates)

        def step(carried: Sequence[Any], given: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            *before, losses = carried
            arrays, rates = looped.taken_apart(given)
            inside = replace(run, arrays=arrays, losses=[losses], rates={**run.rates, **rates})
            made = self._body(inside, loop.nodes[0], [*before, *captured], paths[0])
            return [*made, inside.total_loss()], [inside.arrays[path] for path in looped.state]

        start, sequences = [*carried, keras.ops.zeros(())], looped.sequences(run.arrays)
        if is_masked(carried):
            (*outputs, losses), kept = one_by_one(step, start, sequences, loop.count)
        else:
            like = looped.kept_like(run.arrays)
            (*outputs, losses), kept = self._steps(step, start, sequences, like, loop.count)
        run.arrays.update(zip(looped.state, kept, strict=True))
        run.losses.append(losses)
        return outputs

    def _steps(
        self, step: Step, carried: Sequence[Any], sequences: Sequence[Any], like: Sequence[Any], count: int
    ) -> tuple[Sequence[Any], Sequence[Any]]:
        """The engine's loop; where layers compute in less than f32, a step may give other dtypes than it takes."""
        if self.precision != "f32":
            step, carried, like = settled(step, carried, sequences)
        return self.engine.scan(step, carried, sequences, like, count)

    def _scan(self, run: _Run, node: Any, values: dict[Value, Any], paths: tuple[str, ...]) -> Sequence[Any]:
        """The cell at each step. What it changed of the arrays would be the loop's own; the compiler sees to it that it
        changes none."""
        sequences, *captured = [_taken(values, value) for value in node.operands]
        keywords = {name: _taken(values, value) for name, value in node.keywords}
        inside = replace(run, arrays=dict(run.arrays), losses=[], observe=unobserved)

        def step(x: Any, states: Sequence[Any]) -> Sequence[Any]:
            return self._enter(inside, node.body, [x, *states, *captured], paths[0], alone=False)

        with self.engine.scope(paths[0]):
            return Scan(node, run.sizes, self.precision).run(self._steps, step, sequences, **keywords)


_STEPS: dict[type[Node | Loop], Callable[[Program, _Run, Any, dict[Value, Any], tuple[str, ...]], Sequence[Any]]] = {
    OpNode: Program._operator,
    CallNode: Program._call,
    RepeatNode: Program._repeat,
    ScanNode: Program._scan,
    Loop: Program._loop,
}


def _taken(values: dict[Value, Any], value: Tensors) -> Any:
    """The array that a value stands for; a number where the spec wrote one."""
    if isinstance(value, tuple):
        return [None if item is None else _taken(values, item) for item in value]
    return values[value] if value.constant is None else value.constant
