"""Owns the expressions that make layers and apply them: chains, forks, repetitions, loops, shared layers. What they
hold is evaluated by `evaluate.py`; what an arrow does to a graph is in `application.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.compiler.extent import bounded
from netwright.compiler.ir import Value
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.scope import Env
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.values import Branches, Composition, Layer, Repetition, SharedLayer, kind_of, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator

#: copies of a layer in sequence
MAX_REPEATS = 100_000_000


class LayerExpressions:
    """Evaluates these expressions for one evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.session: Session = evaluator.session

    def repetition(self, expr: tree.Binary, left: Any, right: Any) -> Layer:
        """`f * 3`, where one side is a layer."""
        layer, count = (left, right) if isinstance(left, Layer) else (right, left)
        if expr.operator != "*" or isinstance(count, (Value, Layer)):
            self._refuse_sign(expr, left, right)
        span = expr.right.span if layer is left else expr.left.span
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            found = show(count) if isinstance(count, (int, float)) else kind_of(count)
            self.session.fail("wrong-kind", f"a layer is repeated a whole number of times, found {found}", span)
        if count > MAX_REPEATS:
            message = f"a layer is repeated at most {MAX_REPEATS:,} times, found {count:,}"
            self.session.fail("model-too-large", message, span)
        repeated: Layer = bounded(self.session, Repetition(layer, count), expr.span)
        return repeated

    def _refuse_sign(self, expr: tree.Binary, left: Any, right: Any) -> NoReturn:
        """A sign between a layer and something else: `x -> f + y` reads as `x -> (f + y)`."""
        message = f"'{expr.operator}' does not take {kind_of(left)} and {kind_of(right)}"
        help = "compose layers with `->`; `*` and a number repeat one"
        if isinstance(left, Value):
            help = f"apply the layer: `{_line(expr.left)} {expr.operator} (x -> {_line(expr.right)})`"
        elif isinstance(right, Value):
            sign = expr.operator
            help = f"`{sign}` binds tighter than `->`: put the chain in brackets, `(x -> f) {sign} y`, or bind it first"
        self.session.fail("wrong-kind", message, expr.operator_span, help=help)

    def chain(self, expr: tree.Chain) -> Any:
        """`a -> f -> g`: layers applied to a tensor, or composed."""
        head, *stages = expr.stages
        failed = False
        try:
            value = self.evaluator.evaluate(head)
        except Poisoned:
            failed, value = True, None
        composed: list[tuple[Layer, Span]] = []
        before = head.span
        for each in stages:
            try:
                layer = self.layer(each)
                if not failed and not composed:
                    if isinstance(value, Layer):
                        composed.append((value, head.span))
                    else:
                        value = self.evaluator.application.apply(layer, value, each.span, before)
                        self.session.saw(each.span, value)
                if composed:
                    composed.append((layer, each.span))
            except Poisoned:
                failed = True
            before = head.span.to(each.span)
        if failed:
            raise Poisoned
        return bounded(self.session, _compose(composed), expr.span) if composed else value

    def layer(self, expr: tree.Expr) -> Layer:
        """The layer that a stage of a chain stands for."""
        value = self.evaluator.evaluate(expr, stage=True)
        if isinstance(value, Layer):
            return value
        labels, help = self._no_layer(expr, value)
        message = f"an arrow leads to a layer, found {kind_of(value)}"
        self.session.fail("not-a-layer", message, expr.span, labels=labels, help=help)

    def _no_layer(self, expr: tree.Expr, value: Any) -> tuple[tuple[Label, ...], str | None]:
        """What is to be said of an expression that an arrow leads to and that is no layer: labels and help."""
        if isinstance(expr, tree.Name) and find_operator(expr.id) is not None and expr.id in self.evaluator.env.places:
            return (
                Label(self.evaluator.env.places[expr.id], "this hides the operator"),
            ), "give the tensor another name"
        if self.evaluator.calling.is_function(expr):
            return (), "its header has no arrow, so it is a function of values; a layer is headed `x -> ...`"
        if isinstance(value, Value):
            return (), "combine tensors with `(a, b) -> layer`, or with an operator such as `+`"
        if isinstance(expr, tree.Sequence):
            return (), "branches stand in braces, `{f, g}`; layers one after another are `f -> g`"
        return (), None

    def fork(self, expr: tree.Fork) -> Any:
        """`{f, g}`."""
        branches = self.evaluator.evaluate_all(expr.branches, stage=True)
        for branch, place in zip(branches, expr.branches, strict=True):
            if not isinstance(branch, Layer):
                self.session.fail("not-a-layer", f"a branch is a layer, found {kind_of(branch)}", place.span)
        return bounded(self.session, Branches(branches, tuple(branch.span for branch in expr.branches)), expr.span)

    def shared(self, expr: tree.Shared) -> Any:
        """`shared f`."""
        layer = self.layer(expr.layer)
        shared = SharedLayer(self.evaluator.graph.declare(expr.layer.span.text, expr.span), layer)
        return bounded(self.session, shared, expr.span)

    def loop(self, expr: tree.Loop) -> Any:
        """A loop: in round brackets a chain, in square brackets a list."""
        outer = self.evaluator.env
        values: list[Any] = []
        try:
            for turn in self._turns(expr):
                self.evaluator.env = turn
                if expr.condition is None or self.evaluator.holds(expr.condition):
                    values.append(self._turn(expr))
                self.evaluator.env = outer
        finally:
            self.evaluator.env = outer
        made = tuple(values)
        if expr.kind == "chain":
            return bounded(self.session, Composition(made, (expr.body.span,) * len(values)), expr.span)
        return bounded(self.session, made, expr.span)

    def _turn(self, expr: tree.Loop) -> Any:
        if expr.kind == "list":
            return self.evaluator.evaluate(expr.body)
        value = self.evaluator.evaluate(expr.body, stage=True)
        if not isinstance(value, Layer):
            message = f"a loop in round brackets is a chain of layers, found {kind_of(value)}"
            help = "in square brackets a loop makes a list"
            self.session.fail("not-a-layer", message, expr.body.span, help=help)
        return value

    def _turns(self, expr: tree.Loop) -> Iterator[Env]:
        items = self.evaluator.evaluate(expr.iterable)
        if not isinstance(items, tuple):
            help = f"range({show(items)}) counts up to it" if isinstance(items, int) else None
            message = f"a loop runs over a list, found {kind_of(items)}"
            self.session.fail("wrong-kind", message, expr.iterable.span, help=help)
        for item in items:
            self.session.spend(expr.span)
            env = self.evaluator.env.inner()
            row = (item,) if len(expr.targets) == 1 else item
            if not isinstance(row, tuple) or len(row) != len(expr.targets):
                message = f"{len(expr.targets)} names need rows of as many values, found {kind_of(item)}"
                self.session.fail("unpack-mismatch", message, expr.iterable.span)
            env.names = {target.id: value for target, value in zip(expr.targets, row, strict=True)}
            yield env


def _line(expr: tree.Expr) -> str:
    """The expression as it was written, if it is short."""
    text = expr.span.text.strip()
    return text if len(text) <= 30 and "\n" not in text else "..."


def _compose(stages: list[tuple[Layer, Span]]) -> Composition:
    return Composition(tuple(layer for layer, _ in stages), tuple(span for _, span in stages))
