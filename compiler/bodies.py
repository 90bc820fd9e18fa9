"""Owns the graphs of blocks, and of layers that are repeated or shared: each built once for given arguments and operand
types. A block that leads back to itself in the same way is refused here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from netwright.compiler.ir import Graph, Value
from netwright.compiler.ops.op import Op
from netwright.compiler.scope import POISON, Env
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.types import TensorType
from netwright.compiler.values import BlockLayer, Layer, OperatorLayer, SharedLayer, kind_of, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span


class Bodies:
    """Builds the graphs of one elaboration, which its session keeps."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def of_block(self, layer: BlockLayer, types: tuple[TensorType, ...], span: Span, before: Span) -> Graph:
        """The block's graph for operands of these types."""
        block = layer.block
        if len(types) != len(block.operands):
            wanted = len(block.operands)
            names = ", ".join(target.name for target in block.operands)
            message = f"{block.name} takes {wanted} tensor{'' if wanted == 1 else 's'} ({names}), found {len(types)}"
            self.session.fail("wrong-arity", message, span, labels=context(before, span, types))
        return self._memoised((layer.key(), types), span, lambda: self._build_block(layer, types, span))

    def _build_block(self, layer: BlockLayer, types: tuple[TensorType, ...], span: Span) -> Graph:
        from netwright.compiler.evaluate import Evaluator
        from netwright.compiler.patterns import match_pattern

        block = layer.block
        graph = Graph(block.name)
        env = Env(layer.module)
        env.names = {parameter.name: value for parameter, value in zip(block.parameters, layer.arguments, strict=True)}
        env.places = {parameter.name: parameter.span for parameter in block.parameters}
        env.places |= {target.name: target.span for target in block.operands}
        evaluator = Evaluator(self.session, env, graph)
        with self.session.calling(show(layer), span):
            for target, type in zip(block.operands, types, strict=True):
                env.names[target.name] = graph.add_input(type, target.name)
            for target in block.operands:
                if target.dims is not None:
                    match_pattern(evaluator, target, env.names[target.name])
            result = evaluator.body(block.body)
            if block.body.result is None:
                self._refuse_open_end(block, env)
            _finish(self.session, graph, result, block.body.result.span, f"the block {block.name}")
        self.session.calls.append((layer, graph))
        return graph

    def _refuse_open_end(self, block: tree.Block, env: Env) -> NoReturn:
        last = block.body.bindings[-1].targets[-1]
        if env.names[last.name] is POISON:
            raise Poisoned
        help = f"end it with a line that is the result: {last.name}"
        self.session.fail("not-a-tensor", f"the block {block.name} ends in a binding", last.span, help=help)

    def _memoised(self, key: Any, span: Span, build: Callable[[], Graph]) -> Graph:
        session = self.session
        if key in session.building:
            help = "give it an argument that changes from call to call, and a condition that ends it"
            session.fail("endless-recursion", "this leads back to itself with the same arguments", span, help=help)
        if key in session.graphs:
            found = session.graphs[key]
            if found is None:
                raise Poisoned
            return found
        session.graphs[key] = None  # what failed once stays silent
        session.building.add(key)
        try:
            graph = session.graphs[key] = build()
        finally:
            session.building.remove(key)
        return graph

    def of_layer(self, layer: Layer, types: tuple[TensorType, ...], several: bool, span: Span, before: Span) -> Graph:
        """A graph that applies `layer` to operands of these types."""
        if isinstance(layer, BlockLayer):
            return self.of_block(layer, types, span, before)
        return self._memoised(
            ("body", layer, types), span, lambda: self._build_layer(layer, types, several, span, before)
        )

    def _build_layer(
        self, layer: Layer, types: tuple[TensorType, ...], several: bool, span: Span, before: Span
    ) -> Graph:
        from netwright.compiler.application import Application

        graph = Graph(_name_of(layer))
        operands = tuple(graph.add_input(type) for type in types)
        result = Application(self.session, graph).apply(layer, operands if several else operands[0], span, before)
        _finish(self.session, graph, result, span, "a repeated layer")
        return graph


def _finish(session: Session, graph: Graph, result: Any, span: Span, what: str) -> None:
    """Make `result` the outputs of the graph."""
    items = result if isinstance(result, tuple) else (result,)
    for item in items:
        if not isinstance(item, Value) or item.constant is not None:
            message = f"{what} ends in a tensor or a tuple of tensors, found {kind_of(item)}"
            help = "apply it to a tensor: `x -> ...`" if isinstance(item, Layer) else None
            session.fail("not-a-tensor", message, span, help=help)
    graph.finish(tuple(graph.import_value(item) for item in items))
    graph.output_is_tuple = isinstance(result, tuple)


def component(op: Op) -> str:
    """The path component of an operator's node: its `name`, or what it is called."""
    return getattr(op, "name", None) or op.name_in_flow.removeprefix("ops.")


def _name_of(layer: Layer) -> str:
    if isinstance(layer, OperatorLayer):
        return component(layer.op)
    if isinstance(layer, BlockLayer):
        return layer.block.name
    return layer.instance.name if isinstance(layer, SharedLayer) else "repeat"


def context(before: Span, span: Span, operands: tuple[Value | TensorType, ...]) -> tuple[Label, ...]:
    """What the layer at `span` was applied to, as a label at its place."""
    described = "this is " + ", ".join(show_operand(operand) for operand in operands)
    return () if before is span else (Label(before, described),)


def show_operand(operand: Value | TensorType) -> str:
    """A number as written, a tensor as its type."""
    constant = operand.constant if isinstance(operand, Value) else None
    return str(operand) if constant is None else show(constant)
