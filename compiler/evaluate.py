"""Owns the evaluation of flow expressions in one body: from syntax tree to numbers, lists, dims, layers and tensors.
What a call means is in `calling.py`, what an arrow does in `application.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

from netwright.compiler.application import Application
from netwright.compiler.arithmetic import ArithmeticFault, binary, compare, negate, truth
from netwright.compiler.calling import Calling
from netwright.compiler.extent import bounded
from netwright.compiler.ir import Graph, Value
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.patterns import match_pattern, poison_pattern
from netwright.compiler.scope import POISON, Env
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.subscripts import index_sequence, index_tensor
from netwright.compiler.values import Branches, Composition, Layer, Repetition, SharedLayer, kind_of, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean

#: copies of a layer in sequence
MAX_REPEATS = 100_000_000


class Evaluator:
    """Evaluates the expressions of one body, with the names of `env`, adding nodes to `graph`."""

    def __init__(self, session: Session, env: Env, graph: Graph) -> None:
        self.session = session
        self.env = env
        self.graph = graph
        self.application = Application(session, graph)
        self.calling = Calling(self)

    # ------------------------------------------------------------ bodies

    def body(self, body: tree.Body) -> Any:
        """Evaluate bindings and result; None where there is no result expression."""
        for binding in body.bindings:
            self._binding(binding)
        if body.result is None:
            return None
        result = self.evaluate(body.result)
        self.session.saw(body.result.span, result)
        return result

    def _binding(self, binding: tree.Binding) -> None:
        try:
            value = self.evaluate(binding.value)
            values = self._unpack(binding, value)
        except Poisoned:
            values = (POISON,) * len(binding.targets)
        for target, item in zip(binding.targets, values, strict=True):
            self._bind(target, item)
            poison_pattern(self, target)

    def _unpack(self, binding: tree.Binding, value: Any) -> tuple[Any, ...]:
        if len(binding.targets) == 1:
            return (value,)
        if not isinstance(value, tuple) or len(value) != len(binding.targets):
            found = f"{len(value)}" if isinstance(value, tuple) else kind_of(value)
            message = f"{len(binding.targets)} names need as many values, found {found}"
            self.session.fail("unpack-mismatch", message, binding.value.span)
        return value

    def _bind(self, target: tree.Target, value: Any) -> None:
        earlier = self.env.places.get(target.name) or self.env.module.places.get(target.name)
        if earlier is not None:
            labels = (Label(earlier, "first bound here"),)
            message = f"'{target.name}' is bound twice"
            help = "names are bound once: choose another name, or write one chain"
            self.session.report("duplicate-name", message, target.span, labels=labels, help=help)
        self.env.places[target.name] = target.span
        self.env.names[target.name] = value
        if value is POISON:
            return
        with suppress(Poisoned):
            if target.dims is not None:
                match_pattern(self, target, value)
            self.session.saw(target.span, value)
            if isinstance(value, Value) and not value.name:
                value.name = target.name

    # ------------------------------------------------------------ expressions

    def evaluate(self, expr: tree.Expr, *, stage: bool = False) -> Any:
        """The value of an expression. `stage`: it stands where a layer is wanted, so `max(...)` is the operator."""
        self.session.spend(expr.span)
        handler = _HANDLERS.get(type(expr))
        if handler is None:
            self.session.fail("wrong-kind", "this cannot stand here", expr.span)
        return handler(self, expr, stage)

    def evaluate_all(self, exprs: tuple[tree.Expr, ...], *, stage: bool = False) -> tuple[Any, ...]:
        """All of them, reporting the faults of all before giving up."""
        values: list[Any] = []
        failed = False
        for expr in exprs:
            try:
                values.append(self.evaluate(expr, stage=stage))
            except Poisoned:
                failed = True
        if failed:
            raise Poisoned
        return tuple(values)

    def _literal(self, expr: tree.Literal, stage: bool) -> Any:
        return expr.value

    def _name(self, expr: tree.Name, stage: bool) -> Any:
        return self.calling.name(expr, stage)

    def _call(self, expr: tree.Call, stage: bool) -> Any:
        return self.calling.call(expr, stage)

    def _attribute(self, expr: tree.Attribute, stage: bool) -> Any:
        found = self.calling.qualified(expr)
        if found is not None:
            return found
        base = self.evaluate(expr.base)
        if isinstance(base, Value) and expr.name in _TENSOR_ATTRIBUTES:
            return _TENSOR_ATTRIBUTES[expr.name](base)
        help = None
        if isinstance(base, Value):
            help = did_you_mean(expr.name, _TENSOR_ATTRIBUTES) or "a tensor has .shape, .dtype and .rank"
        self.session.fail("unknown-name", f"{kind_of(base)} has no '.{expr.name}'", expr.name_span, help=help)

    def _sequence(self, expr: tree.Sequence, stage: bool) -> Any:
        return bounded(self.session, self.evaluate_all(expr.items), expr.span)

    def _mapping(self, expr: tree.Mapping, stage: bool) -> Any:
        self.session.fail("wrong-kind", "a mapping cannot stand here", expr.span)

    def _unary(self, expr: tree.Unary, stage: bool) -> Any:
        operand = self.evaluate(expr.operand)
        with self.arithmetic(expr.span):
            if expr.operator == "not":
                return not truth(operand)
            if isinstance(operand, Value):
                return (
                    self.application.function("ops.negative", (operand,), expr.span)
                    if expr.operator == "-"
                    else operand
                )
            return negate(operand) if expr.operator == "-" else operand

    def _binary(self, expr: tree.Binary, stage: bool) -> Any:
        spine = [expr]
        while isinstance(spine[-1].left, tree.Binary):  # long sums lean left; walk them without recursion
            spine.append(spine[-1].left)
        left = self.evaluate(spine[-1].left, stage=stage)
        for step in reversed(spine):
            self.session.spend(step.span)
            left = self._combine(step, left, self.evaluate(step.right))
        return left

    def _combine(self, expr: tree.Binary, left: Any, right: Any) -> Any:
        if isinstance(left, Layer) or isinstance(right, Layer):
            return self._repetition(expr, left, right)
        if isinstance(left, Value) or isinstance(right, Value):
            return self.application.binary(expr, left, right)
        with self.arithmetic(expr.operator_span, expr):
            return bounded(self.session, binary(expr.operator, left, right), expr.span)

    def _repetition(self, expr: tree.Binary, left: Any, right: Any) -> Layer:
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

    def _comparison(self, expr: tree.Comparison, stage: bool) -> Any:
        left = self.evaluate(expr.first)
        if len(expr.rest) == 1:
            symbol, place, operand = expr.rest[0]
            right = self.evaluate(operand)
            if isinstance(left, Value) or isinstance(right, Value):
                return self.application.comparison(symbol, place, expr.span, left, right)
            with self.arithmetic(place):
                return compare(symbol, left, right)
        for symbol, place, operand in expr.rest:
            right = self.evaluate(operand)
            with self.arithmetic(place):
                if not compare(symbol, left, right):
                    return False
            left = right
        return True

    def _logical(self, expr: tree.Logical, stage: bool) -> Any:
        value: Any = None
        for operand in expr.operands:
            value = self.evaluate(operand)
            with self.arithmetic(operand.span):
                if truth(value) == (expr.operator == "or"):
                    return value
        return value

    def _conditional(self, expr: tree.Conditional, stage: bool) -> Any:
        return self.evaluate(expr.then if self.holds(expr.condition) else expr.otherwise, stage=stage)

    def holds(self, condition: tree.Expr) -> bool:
        """Whether a compile-time condition is true."""
        value = self.evaluate(condition)
        if isinstance(value, Value):
            message = f"a condition is decided when the model is compiled, found {kind_of(value)}"
            help = "to choose element by element, write `(condition, a, b) -> where`"
            self.session.fail("wrong-kind", message, condition.span, help=help)
        with self.arithmetic(condition.span):
            return truth(value)

    def _subscript(self, expr: tree.Subscript, stage: bool) -> Any:
        base = self.evaluate(expr.base)
        if isinstance(base, Value):
            return index_tensor(self, expr, base)
        return index_sequence(self, expr, base)

    # ------------------------------------------------------------ layers

    def _chain(self, expr: tree.Chain, stage: bool) -> Any:
        head, *stages = expr.stages
        failed = False
        try:
            value = self.evaluate(head)
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
                        value = self.application.apply(layer, value, each.span, before)
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
        value = self.evaluate(expr, stage=True)
        if isinstance(value, Layer):
            return value
        labels, help = self._no_layer(expr, value)
        message = f"an arrow leads to a layer, found {kind_of(value)}"
        self.session.fail("not-a-layer", message, expr.span, labels=labels, help=help)

    def _no_layer(self, expr: tree.Expr, value: Any) -> tuple[tuple[Label, ...], str | None]:
        """What is to be said of an expression that an arrow leads to and that is no layer: labels and help."""
        if isinstance(expr, tree.Name) and find_operator(expr.id) is not None and expr.id in self.env.places:
            return (Label(self.env.places[expr.id], "this hides the operator"),), "give the tensor another name"
        if isinstance(value, Value):
            return (), "combine tensors with `(a, b) -> layer`, or with an operator such as `+`"
        if isinstance(expr, tree.Sequence):
            return (), "branches stand in braces, `{f, g}`; layers one after another are `f -> g`"
        if self.calling.is_function(expr):
            return (), "its header has no arrow, so it is a function of values; a layer is headed `x -> ...`"
        return (), None

    def _fork(self, expr: tree.Fork, stage: bool) -> Any:
        branches = self.evaluate_all(expr.branches, stage=True)
        for branch, place in zip(branches, expr.branches, strict=True):
            if not isinstance(branch, Layer):
                self.session.fail("not-a-layer", f"a branch is a layer, found {kind_of(branch)}", place.span)
        return bounded(self.session, Branches(branches, tuple(branch.span for branch in expr.branches)), expr.span)

    def _shared(self, expr: tree.Shared, stage: bool) -> Any:
        layer = self.layer(expr.layer)
        shared = SharedLayer(self.graph.declare(expr.layer.span.text, expr.span), layer)
        return bounded(self.session, shared, expr.span)

    def _loop(self, expr: tree.Loop, stage: bool) -> Any:
        outer = self.env
        values: list[Any] = []
        try:
            for turn in self._turns(expr):
                self.env = turn
                if expr.condition is None or self.holds(expr.condition):
                    values.append(self._turn(expr))
                self.env = outer
        finally:
            self.env = outer
        made = tuple(values)
        if expr.kind == "chain":
            return bounded(self.session, Composition(made, (expr.body.span,) * len(values)), expr.span)
        return bounded(self.session, made, expr.span)

    def _turn(self, expr: tree.Loop) -> Any:
        if expr.kind == "list":
            return self.evaluate(expr.body)
        value = self.evaluate(expr.body, stage=True)
        if not isinstance(value, Layer):
            message = f"a loop in round brackets is a chain of layers, found {kind_of(value)}"
            help = "in square brackets a loop makes a list"
            self.session.fail("not-a-layer", message, expr.body.span, help=help)
        return value

    def _turns(self, expr: tree.Loop) -> Iterator[Env]:
        items = self.evaluate(expr.iterable)
        if not isinstance(items, tuple):
            help = f"range({show(items)}) counts up to it" if isinstance(items, int) else None
            message = f"a loop runs over a list, found {kind_of(items)}"
            self.session.fail("wrong-kind", message, expr.iterable.span, help=help)
        for item in items:
            self.session.spend(expr.span)
            env = self.env.inner()
            row = (item,) if len(expr.targets) == 1 else item
            if not isinstance(row, tuple) or len(row) != len(expr.targets):
                message = f"{len(expr.targets)} names need rows of as many values, found {kind_of(item)}"
                self.session.fail("unpack-mismatch", message, expr.iterable.span)
            env.names = {target.id: value for target, value in zip(expr.targets, row, strict=True)}
            yield env

    # ------------------------------------------------------------ faults

    def arithmetic(self, span: Span, expr: tree.Binary | None = None) -> _Faults:
        """A context in which an ArithmeticFault becomes a diagnostic at `span`."""
        return _Faults(self.session, span, expr)


class _Faults:
    __slots__ = ("expr", "session", "span")

    def __init__(self, session: Session, span: Span, expr: tree.Binary | None) -> None:
        self.session = session
        self.span = span
        self.expr = expr

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, fault: BaseException | None, trace: object) -> None:
        if isinstance(fault, ArithmeticFault):
            self.session.fail(fault.code, fault.message, self.span, help=fault.help)


def _line(expr: tree.Expr) -> str:
    """The expression as it was written, if it is short."""
    text = expr.span.text.strip()
    return text if len(text) <= 30 and "\n" not in text else "..."


def _compose(stages: list[tuple[Layer, Span]]) -> Composition:
    return Composition(tuple(layer for layer, _ in stages), tuple(span for _, span in stages))


_TENSOR_ATTRIBUTES: dict[str, Callable[[Value], Any]] = {
    "shape": lambda value: value.type.shape,
    "dtype": lambda value: value.type.dtype,
    "rank": lambda value: value.type.rank,
}

_HANDLERS: dict[type[tree.Expr], Callable[[Evaluator, Any, bool], Any]] = {
    tree.Literal: Evaluator._literal,
    tree.Name: Evaluator._name,
    tree.Call: Evaluator._call,
    tree.Attribute: Evaluator._attribute,
    tree.Sequence: Evaluator._sequence,
    tree.Mapping: Evaluator._mapping,
    tree.Unary: Evaluator._unary,
    tree.Binary: Evaluator._binary,
    tree.Comparison: Evaluator._comparison,
    tree.Logical: Evaluator._logical,
    tree.Conditional: Evaluator._conditional,
    tree.Subscript: Evaluator._subscript,
    tree.Chain: Evaluator._chain,
    tree.Fork: Evaluator._fork,
    tree.Shared: Evaluator._shared,
    tree.Loop: Evaluator._loop,
}
