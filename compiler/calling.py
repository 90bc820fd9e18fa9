"""Owns names and calls: what a name stands for (binding, param, block, operator, function of numbers, configuration
object) and what a call of each makes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.compiler.arguments import Signature, before_arrow, bind, block_signature
from netwright.compiler.declaring import Declaring
from netwright.compiler.extent import bounded
from netwright.compiler.keras_modules import keras_module
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.op import Op
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.unknown_names import (
    Unknown,
    bracketed_arguments,
    unknown_block,
    unknown_function,
    unknown_name,
)
from netwright.compiler.value_functions import MOST_ARGUMENTS, VALUE_FUNCTIONS
from netwright.compiler.values import BlockLayer, Layer, OperatorLayer, SharedLayer, kind_of, show, tensors_in
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator


class _Unbound:
    """No value: the name is bound nowhere."""


_UNBOUND = _Unbound()


class Calling:
    """Resolves names and calls for one evaluator."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.session: Session = evaluator.session
        self.declaring = Declaring(self)

    # ------------------------------------------------------------ names

    def name(self, expr: tree.Name, stage: bool) -> Any:
        """The value of a bare name."""
        value = self.bound(expr)
        if value is not _UNBOUND:
            return value
        block = self.evaluator.env.module.blocks.get(expr.id)
        if block is not None:
            return self._block(self.evaluator.env.module, block, (), expr.span)
        operator = find_operator(expr.id)
        if operator is not None:
            return self._operator(operator, (), expr.span)
        return self.refuse_name(expr, stage)

    def bound(self, expr: tree.Name) -> Any:
        """What a binding, a param or an entry of `layers` gives the name."""
        env = self.evaluator.env
        try:
            value = env.find(expr.id)
        except KeyError:
            value = env.module.params.get(expr.id, env.module.layers.get(expr.id, _UNBOUND))
        if value is POISON:
            raise Poisoned
        return value

    def is_bound(self, expr: tree.Name) -> bool:
        """Whether a binding, a param or an entry of `layers` gives the name a value."""
        return self.bound(expr) is not _UNBOUND

    def refuse_name(self, expr: tree.Name, stage: bool) -> NoReturn:
        """Say what a name may mean that stands for nothing."""
        env = self.evaluator.env
        self.refuse(unknown_name(expr.id, env.module, env.all_names(), stage=stage), expr.span)

    def refuse(self, unknown: Unknown, span: Span) -> NoReturn:
        """Report an unknown name at its place."""
        self.session.fail(unknown.code, unknown.message, span, help=unknown.help)

    def refuse_brackets(self, expr: tree.Subscript) -> None:
        """Refuse `dense[3]`: brackets after the name of an operator or a block."""
        base = expr.base
        if not isinstance(base, tree.Name) or self.is_bound(base):
            return
        if base.id in self.evaluator.env.module.blocks or find_operator(base.id) is not None:
            self.refuse(bracketed_arguments(base.id, expr.indices), expr.span)

    def qualified(self, expr: tree.Attribute) -> Any:
        """The layer that `alias.block` or `ops.function` names bare; None where the base is neither."""
        target = self._qualified_target(expr)
        return None if target is None else target((), expr.span)

    def _qualified_target(self, expr: tree.Attribute) -> Callable[[Sequence[tree.Argument], Span], Any] | None:
        base = expr.base.id if isinstance(expr.base, tree.Name) else ""
        if base in self.evaluator.env.module.uses:
            module = self.evaluator.env.module.uses[base]
            block = module.blocks.get(expr.name)
            if block is None:
                self.refuse(unknown_block(base, expr.name, module), expr.name_span)
            return lambda arguments, span: self._block(module, block, arguments, span)
        keras = keras_module(expr.base)
        if keras is not None and not self.is_bound(keras[0]):
            operator = find_operator(f"{keras[1]}.{expr.name}")
            if operator is None:
                self.refuse(unknown_function(keras[1], expr.name), expr.name_span)
            return lambda arguments, span: self._operator(operator, arguments, span)
        return None

    def is_function(self, expr: tree.Expr) -> bool:
        """Whether the expression names or calls a block that is a function of values."""
        named = expr.function if isinstance(expr, tree.Call) else expr
        block = self.evaluator.env.module.blocks.get(named.id) if isinstance(named, tree.Name) else None
        return block is not None and block.is_function

    # ------------------------------------------------------------ calls

    def call(self, expr: tree.Call, stage: bool) -> Any:
        """The value of `function(arguments)`."""
        function = expr.function
        if isinstance(function, tree.Attribute):
            target = self._qualified_target(function)
            if target is not None:
                return target(expr.arguments, expr.span)
        elif isinstance(function, tree.Name):
            found = self._named_call(function, expr, stage)
            if found is not _UNBOUND:
                return found
        return self._call_time(self.evaluator.evaluate(function, stage=True), expr, stage)

    def _named_call(self, function: tree.Name, expr: tree.Call, stage: bool) -> Any:
        env = self.evaluator.env
        if self.bound(function) is not _UNBOUND:
            return _UNBOUND
        block = env.module.blocks.get(function.id)
        if block is not None:
            return self._block(env.module, block, expr.arguments, expr.span)
        positional = any(argument.name is None for argument in expr.arguments)
        if function.id in VALUE_FUNCTIONS and (positional or find_operator(function.id) is None) and not stage:
            return self._value_function(function.id, expr)
        operator = find_operator(function.id)
        if operator is not None:
            return self._operator(operator, expr.arguments, expr.span)
        configuration = find_configuration(function.id)
        if configuration is not None:
            return self.declaring.declared(configuration, expr.arguments, expr.span)
        return self.refuse_name(function, True)

    def _value_function(self, name: str, expr: tree.Call) -> Any:
        for argument in expr.arguments:
            if argument.name is not None and name != "make_divisible":
                self.session.fail("unknown-argument", f"{name}() takes no named arguments", argument.span)
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in expr.arguments))
        for value, argument in zip(values, expr.arguments, strict=True):
            if next(tensors_in(value), None) is not None:
                self.refuse_tensor(name, argument, expr.arguments)
        with self.evaluator.arithmetic(expr.span):
            named = {a.name: v for a, v in zip(expr.arguments, values, strict=True) if a.name is not None}
            unnamed = [v for a, v in zip(expr.arguments, values, strict=True) if a.name is None]
            most = MOST_ARGUMENTS.get(name, len(values))
            if most and not values:
                self.session.fail("missing-argument", f"{name}() needs an argument", expr.span)
            if len(values) > most:
                message = f"{name}() takes {most} argument{'' if most == 1 else 's'}, found {len(values)}"
                self.session.fail("too-many-arguments", message, expr.arguments[most].span)
            try:
                return VALUE_FUNCTIONS[name](*unnamed, **named)
            except TypeError:
                self.session.fail("invalid-argument", f"{name}() does not take these arguments", expr.span)

    def refuse_tensor(self, what: str, argument: tree.Argument, arguments: Sequence[tree.Argument]) -> NoReturn:
        """Refuse a tensor among the arguments of `what`."""
        rest = ", ".join(other.span.text.strip() for other in arguments if other is not argument)
        self._misplaced_tensor(what, argument, f"write `{before_arrow([argument])} -> {what}{rest and f'({rest})'}`")

    def _misplaced_tensor(self, what: str, argument: tree.Argument, help: str) -> NoReturn:
        message = f"a tensor stands where configuration of '{what}' belongs"
        help = f"tensors flow along arrows: {help}"
        self.session.fail("tensor-in-parentheses", message, argument.span, label="this is a tensor", help=help)

    # ------------------------------------------------------------ operators

    def _operator(self, cls: type[Op], arguments: Sequence[tree.Argument], span: Span) -> Any:
        op, keywords, places = self.declaring.declare(cls, arguments, span)
        if not cls.operands and not cls.variadic:
            return self.evaluator.application.apply(OperatorLayer(op), (), span)
        return OperatorLayer(op, keywords, span, places)

    # ------------------------------------------------------------ blocks

    def _block(
        self, module: Module, block: tree.Block | tree.Extern, arguments: Sequence[tree.Argument], span: Span
    ) -> Any:
        names = [parameter.name for parameter in block.parameters]
        bound = bind(self.session, block_signature(block), arguments, span)
        values = dict(zip(bound, self._block_values(block, bound), strict=True))
        given = ", ".join(f"{name}={show(value)}" for name, value in values.items())
        env = Env(module, values)
        with self.session.calling(f"{block.name}({given})", span):
            for parameter in block.parameters:
                if parameter.name not in values and parameter.default is not None:
                    values[parameter.name] = self._in(env).evaluate(parameter.default)
        if isinstance(block, tree.Extern):
            return self._extern(module, block, values, bound, span)
        ordered = tuple(values[name] for name in names)
        layer = bounded(self.session, BlockLayer(block, module, ordered, given), span)
        return self._function(layer, span) if block.is_function else layer

    def _extern(
        self,
        module: Module,
        extern: tree.Extern,
        values: dict[str, Any],
        bound: dict[str, tree.Argument],
        span: Span,
    ) -> OperatorLayer:
        from netwright.compiler.externs import extern_layer

        places = {name: argument.span for name, argument in bound.items()}
        op = bounded(self.session, extern_layer(self.session, module, extern, values, places), span)
        return OperatorLayer(op, (), span, tuple(places.items()))

    def _block_values(self, block: tree.Block | tree.Extern, bound: dict[str, tree.Argument]) -> tuple[Any, ...]:
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in bound.values()))
        for value, argument in zip(values, bound.values(), strict=True):
            if not block.is_function and next(tensors_in(value), None) is not None:
                self.refuse_tensor(block.name, argument, tuple(bound.values()))
        return values

    def _function(self, layer: BlockLayer, span: Span) -> Any:
        """The value of a block without operands: a function of values."""
        block = layer.block
        env = Env(layer.module, dict(zip((p.name for p in block.parameters), layer.arguments, strict=True)))
        with self.session.calling(f"{block.name}({layer.given})", span):
            if block.body.result is None:
                last = block.body.bindings[-1].targets[-1]
                help = f"end it with its value: {last.name}"
                self.session.fail("wrong-kind", f"{block.name} ends in a binding, not in a value", last.span, help=help)
            return self._in(env).body(block.body)

    def _in(self, env: Env) -> Evaluator:
        """An evaluator of another body that adds to the same graph."""
        return type(self.evaluator)(self.session, env, self.evaluator.graph)

    # ------------------------------------------------------------ call-time arguments

    def _call_time(self, value: Any, expr: tree.Call, stage: bool) -> Layer:
        """`f(initial_state=...)` for a layer that has its configuration already: of what is given again, the last
        counts."""
        self._refuse_operands(expr, stage)
        inner = value.layer if isinstance(value, SharedLayer) else value
        if not isinstance(inner, OperatorLayer):
            self._refuse_call(inner, expr)
        cls = type(inner.op)
        attributes = {name: item for name, item in cls.attributes().items() if item.call}
        wanted = Signature(f"a call of {cls.name_in_flow}", (), tuple(attributes), ())
        bound = bind(self.session, wanted, expr.arguments, expr.span)
        values, keywords = self.declaring.values(cls, attributes, bound)
        op = cls(dict(_others(tuple(inner.op.given().items()), bound)) | values)
        places = _others(inner.places, bound) + tuple((name, argument.span) for name, argument in bound.items())
        layer = OperatorLayer(op, _others(inner.keywords, bound) + keywords, expr.span, places)
        return SharedLayer(value.instance, layer) if isinstance(value, SharedLayer) else layer

    def _refuse_operands(self, expr: tree.Call, stage: bool) -> None:
        """Refuse Keras's `layer(...)(x)`."""
        given = [argument for argument in expr.arguments if argument.name is None]
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in given))
        tensors = [item for item, value in zip(given, values, strict=True) if next(tensors_in(value), None) is not None]
        if tensors:
            what, brought = expr.function.span.text, ", ".join(item.span.text.strip() for item in tensors)
            help = f"leave `({brought})` out" if stage else f"write `{before_arrow(tensors)} -> {what}`"
            self._misplaced_tensor(what, tensors[0], help)

    def _refuse_call(self, value: Any, expr: tree.Call) -> NoReturn:
        help = "its configuration is given where it is named" if isinstance(value, Layer) else None
        name = expr.function.id if isinstance(expr.function, tree.Name) else ""
        hidden = self.evaluator.env.places.get(name) if find_operator(name) is not None else None
        labels = (Label(hidden, "this hides the operator"),) if hidden else ()
        message = f"{kind_of(value)} takes no arguments here"
        self.session.fail("wrong-kind", message, expr.span, labels=labels, help=help)


def _others(pairs: tuple[tuple[str, Any], ...], bound: dict[str, tree.Argument]) -> tuple[tuple[str, Any], ...]:
    """What was given by other names than these."""
    return tuple(pair for pair in pairs if pair[0] not in bound)
