"""Owns what an arrow does: applying a layer to tensors adds nodes to a graph. A block becomes a graph of its own, built
once for given arguments and operand types; a repeat whose copies are alike becomes one node with a count."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.compiler.bodies import Bodies, component, context
from netwright.compiler.dims import DimTooComplex
from netwright.compiler.ir import CallNode, Graph, OpNode, RepeatNode, Tensors, Value, each_tensor
from netwright.compiler.ops.assumptions import suppositions
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.initializers import expect_fillable
from netwright.compiler.ops.op import Function, Op, OpError
from netwright.compiler.ops.regularizers import expect_trainable
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.sharing import check_same_weights
from netwright.compiler.types import NumberType, TensorType
from netwright.compiler.values import (
    BlockLayer,
    Branches,
    Composition,
    Layer,
    OperatorLayer,
    Repetition,
    SharedLayer,
    kind_of,
)
from netwright.dsl.diagnostics import CompilerBug
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.compiler.ir import Instance

#: the largest size of a dim: what 64 bits hold
MAX_DIM = 2**63 - 1


class Application:
    """Applies layers to tensors of one graph."""

    def __init__(self, session: Session, graph: Graph) -> None:
        self.session = session
        self.graph = graph
        self.bodies = Bodies(session)

    # ------------------------------------------------------------ entry

    def apply(self, layer: Layer, operand: Any, span: Span, before: Span | None = None) -> Any:
        """The tensor (or tuple of tensors) that `layer` makes of `operand`. `span` is the layer's place, `before` that
        of what it is applied to."""
        self.session.spend(span)
        return _APPLY[type(layer)](self, layer, operand, span, before or span)

    def function(
        self, name: str, operands: tuple[Any, ...], span: Span, *, values: dict[str, Any] | None = None
    ) -> Any:
        """A keras.ops function applied to operands, for what flow writes as an operator sign or a subscript."""
        return self._operator(function_layer(name, values or {}), operands, span, span)

    # ------------------------------------------------------------ operators

    def _operator(self, layer: OperatorLayer, operand: Any, span: Span, before: Span) -> Any:
        operands = self.operands(operand, span, before, scalars=isinstance(layer.op, Function))
        if layer.op.convention == "list" and not isinstance(operand, tuple):
            # a list of one, which a loop may make, is no slip
            help = f"write `(x, y) -> {layer.op.name_in_flow}`"
            message = f"{layer.op.name_in_flow} takes a list of tensors, found one tensor"
            self.session.fail("wrong-arity", message, span, labels=context(before, span, operands), help=help)
        return self._applied(layer, operands, span, before)

    def _applied(
        self,
        layer: OperatorLayer,
        operands: tuple[Value, ...],
        span: Span,
        before: Span,
        instance: Instance | None = None,
    ) -> Any:
        self._check_arity(layer.op, operands, span, before)
        try:
            made = self.add(layer, operands, span, instance)
        except OpError as error:
            self._refuse(layer, operands, error, span, before)
        self.session.tell_suppositions(layer.op.name_in_flow, span, lambda: context(before, span, operands))
        return made

    def add(
        self, layer: OperatorLayer, operands: tuple[Value, ...], span: Span, instance: Instance | None = None
    ) -> Any:
        """Add an operator's node; its outputs. Raises OpError where the operator does not take the operands."""
        keywords = tuple((name, each_tensor(given, self.graph.import_value)) for name, given in layer.keywords)
        if layer.op.runs_cell:
            return self._scan(layer, operands, keywords, span, instance)
        node = OpNode(component(layer.op), operands, span, instance, layer.op, keywords)
        inferred = self._infer(node)
        if instance is not None:
            check_same_weights(self.session, instance, node)
        several = isinstance(inferred, tuple)
        outputs = self.graph.add(node, inferred if isinstance(inferred, tuple) else (inferred,))
        return outputs if several else outputs[0]

    def _scan(
        self,
        layer: OperatorLayer,
        operands: tuple[Value, ...],
        keywords: tuple[tuple[str, Tensors], ...],
        span: Span,
        instance: Instance | None,
    ) -> Any:
        from netwright.compiler.recurrences import scan_node

        node, types = scan_node(self, layer, operands, keywords, span=span, instance=instance)
        if instance is not None:
            check_same_weights(self.session, instance, node)
        outputs = self.graph.add(node, types)
        return outputs if len(outputs) > 1 else outputs[0]

    def _infer(self, node: OpNode) -> TensorType | tuple[TensorType, ...]:
        suppositions()  # those of an operator that was refused are of no interest
        try:
            inferred = node.op.infer(*node.operand_types(), **node.keyword_types())
            weights = tuple(node.op.weights(*node.operand_types(), **node.keyword_types()))
            for weight in weights:
                expect_fillable(node.op, weight)  # their shapes must be known, and fit what fills them
            expect_trainable(node.op, weights, inferred if isinstance(inferred, tuple) else (inferred,))
        except DimTooComplex:
            self.session.fail("model-too-large", "the formula of this size grows too long", node.span)
        for type in inferred if isinstance(inferred, tuple) else (inferred,):
            self._check_sizes(type, node.span)
        return inferred

    def _check_sizes(self, type: TensorType, span: Span) -> None:
        for dim in type.shape:
            if isinstance(dim, int) and dim > MAX_DIM:
                self.session.fail("model-too-large", f"a dim of {dim:,} is larger than 64 bits hold", span)

    def _check_arity(self, op: Op, operands: tuple[Value, ...], span: Span, before: Span) -> None:
        given = len(operands)
        if op.variadic:
            if given >= op.fewest:
                return
            wanted = f"{op.fewest} or more tensors"
        else:
            most, least = len(op.operands), len(op.operands) - len(op.optional_operands)
            if least <= given <= most:
                return
            names = ", ".join(op.operands)
            wanted = f"{least} tensor{'' if least == 1 else 's'}" if least == most else f"{least} to {most} tensors"
            wanted += f" ({names})" if most > 1 else ""
        help = f"write `({', '.join(op.operands)}) -> {op.name_in_flow}`" if len(op.operands) > 1 else None
        if given > 1 and not op.variadic and most == 1:
            help = "take one of them, as in `a[0]`, or join them: `-> concatenate`, `-> add`"
        self.session.fail(
            "wrong-arity",
            f"{op.name_in_flow} takes {wanted}, found {given}",
            span,
            labels=context(before, span, operands),
            help=help,
        )

    def _refuse(
        self, layer: OperatorLayer, operands: tuple[Value, ...], error: OpError, span: Span, before: Span
    ) -> NoReturn:
        labels = context(before, span, operands)
        place = layer.place(error.at) if isinstance(error.at, str) else None
        label = error.label if isinstance(error.at, str) else ""
        name = layer.op.name_in_flow
        message = error.message if error.message.startswith(f"{name} ") else f"{name}: {error.message}"
        self.session.fail(error.code, message, place or span, label=label, labels=labels, help=error.help)

    # ------------------------------------------------------------ operands

    def operands(self, operand: Any, span: Span, before: Span, *, scalars: bool = False) -> tuple[Value, ...]:
        """The operand as tensors of this graph. Numbers beside tensors become constants where `scalars` allows."""
        items = operand if isinstance(operand, tuple) else (operand,)
        scalars = scalars and any(isinstance(item, Value) for item in items)
        return tuple(self._tensor(item, before, scalars) for item in items)

    def _tensor(self, item: Any, before: Span, scalars: bool) -> Value:
        if isinstance(item, Value):
            return self.graph.import_value(item)
        if scalars and isinstance(item, (int, float)):
            return Value(NumberType.of(item), self.graph, constant=item)
        help = "apply it to a tensor first: `x -> ...`" if isinstance(item, Layer) else None
        self.session.fail("not-a-tensor", f"only tensors flow along arrows, found {kind_of(item)}", before, help=help)

    # ------------------------------------------------------------ blocks

    def _block(
        self, layer: BlockLayer, operand: Any, span: Span, before: Span, instance: Instance | None = None
    ) -> Any:
        operands = self.operands(operand, span, before)
        body = self.bodies.of_block(layer, tuple(value.type for value in operands), span, before)
        return self._call(layer.block.name, body, operands, span, given=layer.given, instance=instance)

    def _call(
        self,
        name: str,
        body: Graph,
        operands: tuple[Value, ...],
        span: Span,
        *,
        given: str = "",
        instance: Instance | None = None,
    ) -> Any:
        operands += self.graph.captured_for(body)
        node = CallNode(name, operands, span, instance, body, given)
        if instance is not None:
            check_same_weights(self.session, instance, node)
        outputs = self.graph.add(node, body.output_types)
        return outputs if body.output_is_tuple else outputs[0]

    # ------------------------------------------------------------ compositions

    def _composition(self, layer: Composition, operand: Any, span: Span, before: Span) -> Any:
        for stage, place in zip(layer.stages, layer.spans, strict=True):
            operand = self.apply(stage, operand, place, before)
            before = place
        return operand

    def _branches(self, layer: Branches, operand: Any, span: Span, before: Span) -> Any:
        results: list[Any] = []
        failed = False
        for branch, place in zip(layer.branches, layer.spans, strict=True):
            try:
                results.append(self.apply(branch, operand, place, before))
            except Poisoned:
                failed = True
        if failed:
            raise Poisoned
        return tuple(results)

    def _repetition(self, layer: Repetition, operand: Any, span: Span, before: Span) -> Any:
        remaining = layer.count
        while remaining > 0:
            operands = self.operands(operand, span, before)
            types = tuple(value.type for value in operands)
            body = self.bodies.of_layer(layer.layer, types, isinstance(operand, tuple), span, before)
            if remaining > 1 and body.output_types == types:
                return self._repeat(body, operands, remaining, span)
            operand = self.apply(layer.layer, operand, span, before)
            remaining -= 1
        return operand

    def _repeat(self, body: Graph, operands: tuple[Value, ...], count: int, span: Span) -> Any:
        operands += self.graph.captured_for(body)
        node = RepeatNode(body.name, operands, span, None, body, count)
        outputs = self.graph.add(node, body.output_types)
        return outputs if body.output_is_tuple else outputs[0]

    # ------------------------------------------------------------ shared layers

    def _shared(self, layer: SharedLayer, operand: Any, span: Span, before: Span) -> Any:
        inner, instance = layer.layer, layer.instance
        if isinstance(inner, SharedLayer):
            return self._shared(inner, operand, span, before)
        if isinstance(inner, OperatorLayer):
            operands = self.operands(operand, span, before, scalars=isinstance(inner.op, Function))
            return self._applied(inner, operands, span, before, instance)
        if isinstance(inner, BlockLayer):
            return self._block(inner, operand, span, before, instance)
        operands = self.operands(operand, span, before)
        types = tuple(value.type for value in operands)
        body = self.bodies.of_layer(inner, types, isinstance(operand, tuple), span, before)
        return self._call(instance.name, body, operands, span, instance=instance)


def function_layer(name: str, values: dict[str, Any]) -> OperatorLayer:
    """A function of the catalogue, with the values of its attributes."""
    cls = find_operator(name)
    if cls is None:
        raise CompilerBug(f"the catalogue has no {name}")
    return OperatorLayer(cls(values))


_APPLY: dict[type[Layer], Callable[[Application, Any, Any, Span, Span], Any]] = {
    OperatorLayer: Application._operator,
    BlockLayer: Application._block,
    Composition: Application._composition,
    Branches: Application._branches,
    Repetition: Application._repetition,
    SharedLayer: Application._shared,
}
