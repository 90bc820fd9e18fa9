"""Owns what `recurrent(cell)` adds to a graph: the cell becomes a graph of one step, once for its arguments and types,
and a node runs it over axis 1. Also which first states a cell has where nobody gives them, and what cannot stand in a
cell. The shape rule is the operator's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netwright.compiler.bodies import component
from netwright.compiler.ir import Graph, Instance, OpNode, ScanNode, Tensors, Value, body_of
from netwright.compiler.ops.op import Op, OpError, known_size, operators_in
from netwright.compiler.ops.recurrent_blocks import Recurrent
from netwright.compiler.patterns import match_pattern
from netwright.compiler.scope import Env
from netwright.compiler.session import Session
from netwright.compiler.types import TensorType
from netwright.compiler.values import BlockLayer, Composition, Layer, OperatorLayer, SharedLayer, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.compiler.application import Application


def scan_node(
    application: Application,
    layer: OperatorLayer,
    operands: tuple[Value, ...],
    keywords: tuple[tuple[str, Tensors], ...],
    *,
    span: Span,
    instance: Instance | None,
) -> tuple[ScanNode, tuple[TensorType, ...]]:
    """The node that runs the cell, and the types of its outputs. Raises OpError where the cell does not fit."""
    op = layer.op
    assert isinstance(op, Recurrent)
    place = layer.place("cell") or span
    sequences = op.prepare(operands[0].type)
    step = op.step(sequences)
    cell = OperatorLayer(op.cell) if isinstance(op.cell, Op) else op.cell
    given = {name: _types(op, tensors) for name, tensors in keywords}
    first = given.get("initial_state")
    states = _zeros(application.session, cell, step, place) if first is None else op.first_states(step, first)
    body = application.bodies.of_layer(cell, (step, *states), True, place, place)
    op.expect_step(states, body.output_types)
    op.expect_mask(sequences, (*states, body.output_types[0]), *given.get("mask", (None,)))
    _refuse_unrepeatable(application, body, span)
    operands += application.graph.captured_for(body)
    node = ScanNode(component(op), operands, span, instance, body, op, keywords)
    return node, op.outputs(sequences, states, body.output_types)


def _types(op: Op, tensors: Tensors) -> tuple[TensorType, ...]:
    items = tensors if isinstance(tensors, tuple) else (tensors,)
    if None in items:
        raise OpError("invalid-argument", "every first state must be given, or none", at="initial_state")
    return tuple(op.prepare(value.type) for value in items if value is not None)


# ---------------------------------------------------------------- the states


def _zeros(session: Session, cell: Layer, step: TensorType, place: Span) -> tuple[TensorType, ...]:
    """The states that nobody gives: what the header of the block says that takes the cell's operands."""
    while isinstance(cell, (SharedLayer, Composition)):
        cell = cell.layer if isinstance(cell, SharedLayer) else cell.stages[0]
    if not isinstance(cell, BlockLayer):
        raise _unsaid("the sizes of its states are not known")
    return _HeaderStates(session, cell, step).types(place)


class _HeaderStates:
    """Reads `(x, h[N, units], c[N, units]) -> cell(units)`."""

    def __init__(self, session: Session, cell: BlockLayer, step: TensorType) -> None:
        from netwright.compiler.evaluate import Evaluator

        self.session = session
        self.cell = cell
        self.step = step
        pairs = zip(cell.block.parameters, cell.arguments, strict=True)
        env = Env(cell.module, {parameter.name: value for parameter, value in pairs})
        self.evaluator = Evaluator(session, env, Graph(""))

    def types(self, place: Span) -> tuple[TensorType, ...]:
        """The states' types, with the batch of the step."""
        name = self.cell.block.name
        first, *states = self.cell.block.operands
        if not states:
            message = f"a cell takes a step and one state or more, {name} takes one tensor"
            raise OpError("wrong-arity", message, at="cell", help=f"head it `(x, h[N, units]) -> {name}`")
        with self.session.calling(show(self.cell), place):
            if first.dims is not None:
                match_pattern(self.evaluator, first, Value(self.step, self.evaluator.graph))
            return tuple(map(self._state, states))

    def _state(self, target: tree.Target) -> TensorType:
        name = self.cell.block.name
        if not target.dims or any(isinstance(dim, tree.Ellipsis_) for dim in target.dims):
            raise _unsaid(f"the header of {name} does not say the sizes of '{target.name}'")
        batch, *sizes = target.dims
        first = self.step.shape[0] if self._is_open(batch) else self.evaluator.evaluate(batch)
        open = next(filter(self._is_open, sizes), None)
        if open is not None:
            raise _unsaid(f"the header of {name} leaves a size of '{target.name}' open: {open.span.text}")
        what = f"a size of the state '{target.name}'"
        known = (known_size(self.evaluator.evaluate(size), what, at="cell") for size in sizes)
        return TensorType("f32", (first, *known))

    def _is_open(self, expr: tree.Expr) -> bool:
        return isinstance(expr, tree.Name) and (expr.id == "_" or not self.evaluator.calling.is_bound(expr))


def _unsaid(message: str) -> OpError:
    help = "say the sizes in the header of the cell's block, `(x, h[N, units]) -> cell(units): ...`, "
    help += "or give the first states: `x -> recurrent(cell, initial_state=[h])`"
    return OpError("unknown-size", message, at="cell", help=help)


# ---------------------------------------------------------------- what cannot stand in a cell


def _refuse_unrepeatable(application: Application, body: Graph, span: Span) -> None:
    """Refuse layers in a cell that change something beside their outputs: no loop of Keras's carries it."""
    for node in _operators(body):
        for op in operators_in(node.op):
            reason = _changes(op, node)
            if reason is not None:
                why = f"{reason}, which Keras's loop over steps cannot carry"
                message = f"{op.name_in_flow} cannot stand in a cell: {why}"
                help = "apply it before or after `recurrent`"
                labels = (Label(span, "this runs the cell"),)
                application.session.fail("not-supported", message, node.span, labels=labels, help=help)


def _operators(graph: Graph) -> Iterator[OpNode]:
    for node in graph.nodes:
        body = body_of(node)
        if isinstance(node, OpNode):
            yield node
        elif body is not None:
            yield from _operators(body)


def _changes(op: Op, node: OpNode) -> str | None:
    """What the operator changes beside its outputs."""
    if _draws(op):
        return "it draws random numbers"
    if getattr(op, "stateful", False):
        return "it remembers its states"
    if getattr(op, "activity_regularizer", None) is not None:
        return "it adds a loss"
    weights = node.op.weights(*node.operand_types(), **node.keyword_types())
    return None if all(weight.trainable for weight in weights) else "it updates its statistics in training"


def _draws(op: Op) -> bool:
    """Whether it draws random numbers: what may drop something out does, unless it drops out nothing."""
    if "seed" not in type(op).attributes():
        return False
    rates = [getattr(op, name) for name in ("dropout", "recurrent_dropout") if name in type(op).attributes()]
    return not rates or any(rates)
