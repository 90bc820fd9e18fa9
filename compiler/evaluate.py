"""Owns the evaluation of flow expressions in one body: from syntax tree to numbers, lists, dims, layers and tensors.
What a call means is in `calling.py`, what an arrow does in `application.py`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from netwright.compiler import signs
from netwright.compiler.application import Application
from netwright.compiler.arithmetic import ArithmeticFault, binary, compare, negate, truth
from netwright.compiler.calling import Calling
from netwright.compiler.extent import bounded
from netwright.compiler.ir import Graph, Value
from netwright.compiler.layer_expressions import LayerExpressions
from netwright.compiler.patterns import match_pattern, poison_pattern
from netwright.compiler.scope import POISON, Env
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.subscripts import index_sequence, index_tensor
from netwright.compiler.values import Layer, kind_of
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean


class Evaluator:
    """Evaluates the expressions of one body, with the names of `env`, adding nodes to `graph`."""

    def __init__(self, session: Session, env: Env, graph: Graph) -> None:
        self.session = session
        self.env = env
        self.graph = graph
        self.application = Application(session, graph)
        self.calling = Calling(self)
        self.layers = LayerExpressions(self)

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
        if earlier is not None and target.name != "_":
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
            return self.layers.repetition(expr, left, right)
        if isinstance(left, Value) or isinstance(right, Value):
            return signs.binary(self.application, expr, left, right)
        with self.arithmetic(expr.operator_span, expr):
            return bounded(self.session, binary(expr.operator, left, right), expr.span)

    def _comparison(self, expr: tree.Comparison, stage: bool) -> Any:
        left = self.evaluate(expr.first)
        if len(expr.rest) == 1:
            symbol, place, operand = expr.rest[0]
            right = self.evaluate(operand)
            if isinstance(left, Value) or isinstance(right, Value):
                return signs.comparison(self.application, expr, left, right)
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
        self.calling.refuse_brackets(expr)
        base = self.evaluate(expr.base)
        if isinstance(base, Value):
            return index_tensor(self, expr, base)
        return index_sequence(self, expr, base)

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
    tree.Chain: lambda evaluator, expr, stage: evaluator.layers.chain(expr),
    tree.Fork: lambda evaluator, expr, stage: evaluator.layers.fork(expr),
    tree.Shared: lambda evaluator, expr, stage: evaluator.layers.shared(expr),
    tree.Loop: lambda evaluator, expr, stage: evaluator.layers.loop(expr),
}
