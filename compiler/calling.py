"""Owns names and calls: what a name stands for (binding, param, block, operator, function of numbers, configuration
object) and what a call of each makes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.compiler.arguments import Signature, bind, block_signature, check_required, signature
from netwright.compiler.dims import SymbolicDim
from netwright.compiler.extent import bounded
from netwright.compiler.ir import Value
from netwright.compiler.ops.attributes import Attribute, AttributeFault
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import Configuration, configuration_kind
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.unknown_names import (
    KERAS_MODULES,
    Unknown,
    takes_words_alone,
    unknown_block,
    unknown_function,
    unknown_name,
    unknown_word,
)
from netwright.compiler.value_functions import MOST_ARGUMENTS, VALUE_FUNCTIONS
from netwright.compiler.values import BlockLayer, Layer, OperatorLayer, SharedLayer, kind_of, show, tensors_in
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean

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

    # ------------------------------------------------------------ names

    def name(self, expr: tree.Name, stage: bool) -> Any:
        """The value of a bare name."""
        value = self._bound(expr)
        if value is not _UNBOUND:
            return value
        block = self.evaluator.env.module.blocks.get(expr.id)
        if block is not None:
            return self._block(self.evaluator.env.module, block, (), expr.span)
        operator = find_operator(expr.id)
        if operator is not None:
            return self._operator(operator, (), expr.span)
        return self._refuse_name(expr, stage)

    def _bound(self, expr: tree.Name) -> Any:
        """What a binding, a param or an entry of `layers` gives the name."""
        env = self.evaluator.env
        try:
            value = env.find(expr.id)
        except KeyError:
            value = env.module.params.get(expr.id, env.module.layers.get(expr.id, _UNBOUND))
        if value is POISON:
            raise Poisoned
        return value

    def _refuse_name(self, expr: tree.Name, stage: bool) -> NoReturn:
        env = self.evaluator.env
        self._refuse(unknown_name(expr.id, env.module, env.all_names(), stage=stage), expr.span)

    def _refuse(self, unknown: Unknown, span: Span) -> NoReturn:
        self.session.fail(unknown.code, unknown.message, span, help=unknown.help)

    def qualified(self, expr: tree.Attribute) -> Any:
        """The layer that `alias.block` or `ops.function` names bare; None where the base is neither."""
        target = self._qualified_target(expr)
        return None if target is None else target((), expr.span)

    def _qualified_target(self, expr: tree.Attribute) -> Callable[[Sequence[tree.Argument], Span], Any] | None:
        if not isinstance(expr.base, tree.Name):
            return None
        base = expr.base.id
        if base in self.evaluator.env.module.uses:
            module = self.evaluator.env.module.uses[base]
            block = module.blocks.get(expr.name)
            if block is None:
                self._refuse(unknown_block(base, expr.name, module), expr.name_span)
            return lambda arguments, span: self._block(module, block, arguments, span)
        if base in KERAS_MODULES and self._bound(expr.base) is _UNBOUND:
            operator = find_operator(f"{base}.{expr.name}")
            if operator is None:
                self._refuse(unknown_function(base, expr.name), expr.name_span)
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
        if self._bound(function) is not _UNBOUND:
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
            return self.declared(configuration, expr.arguments, expr.span)
        return self._refuse_name(function, True)

    def _value_function(self, name: str, expr: tree.Call) -> Any:
        for argument in expr.arguments:
            if argument.name is not None and name != "make_divisible":
                self.session.fail("unknown-argument", f"{name}() takes no named arguments", argument.span)
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in expr.arguments))
        for value, argument in zip(values, expr.arguments, strict=True):
            if next(tensors_in(value), None) is not None:
                self._refuse_tensor(name, argument, expr.arguments)
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

    def _refuse_tensor(self, what: str, argument: tree.Argument, arguments: Sequence[tree.Argument]) -> NoReturn:
        """Refuse a tensor among the arguments of `what`."""
        rest = ", ".join(other.span.text.strip() for other in arguments if other is not argument)
        self._misplaced_tensor(what, argument, f"write `{argument.value.span.text.strip()} -> {what}({rest})`")

    def _misplaced_tensor(self, what: str, argument: tree.Argument, help: str) -> NoReturn:
        message = f"a tensor stands where configuration of '{what}' belongs"
        help = f"tensors flow along arrows: {help}"
        self.session.fail("tensor-in-parentheses", message, argument.span, label="this is a tensor", help=help)

    # ------------------------------------------------------------ operators and configuration

    def _operator(self, cls: type[Op], arguments: Sequence[tree.Argument], span: Span) -> Any:
        op, keywords, places = self._declare(cls, arguments, span)
        if not cls.operands and not cls.variadic:
            return self.evaluator.application.apply(OperatorLayer(op), (), span)
        return OperatorLayer(op, keywords, span, places)

    def declared(self, cls: type[Configuration], arguments: Sequence[tree.Argument], span: Span) -> Configuration:
        """A configuration object from a call's arguments."""
        made: Configuration = self._declare(cls, arguments, span)[0]
        return made

    def _declare(self, cls: Any, arguments: Sequence[tree.Argument], span: Span) -> tuple[Any, Any, Any]:
        attributes: dict[str, Attribute] = cls.attributes()
        wanted = signature(cls)
        if not arguments:
            check_required(self.session, wanted, {}, span)
            bound: dict[str, tree.Argument] = {}
        else:
            bound = bind(self.session, wanted, arguments, span)
        values, keywords = self._attribute_values(cls, attributes, bound)
        made = cls(values)
        try:
            made.validate()
        except OpError as error:
            place = bound[error.at].span if error.at in bound else span
            self.session.fail(
                error.code, f"{cls.name_in_flow}: {error.message}", place, label=error.label, help=error.help
            )
        return made, keywords, tuple((name, argument.span) for name, argument in bound.items())

    def _attribute_values(
        self, cls: type[Declared], attributes: dict[str, Attribute], bound: dict[str, tree.Argument]
    ) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
        values: dict[str, Any] = {}
        keywords: list[tuple[str, Any]] = []
        failed = False
        for name, argument in bound.items():
            try:
                value = self.argument(argument.value, attributes[name])
                if next(tensors_in(value), None) is not None:
                    if not attributes[name].call:
                        self._refuse_tensor(cls.name_in_flow, argument, tuple(bound.values()))
                    self._check_tensors(cls, attributes[name], argument, value)
                    keywords.append((name, value))
                else:
                    values[name] = self._converted(cls, attributes[name], argument, value)
            except Poisoned:
                failed = True
        if failed:
            raise Poisoned
        return values, tuple(keywords)

    def _check_tensors(self, cls: type[Declared], attribute: Attribute, argument: tree.Argument, value: Any) -> None:
        """A call-time argument is one tensor, or a list of tensors and none where it takes several."""
        takes = attribute.annotation.split(" | ")
        if isinstance(value, Value):
            fits = "Tensor" in takes or "Tensors" in takes
        else:
            fits = "Tensors" in takes and all(item is None or isinstance(item, Value) for item in value)
        if not fits:
            wanted = attribute.type.expected
            message = f"'{attribute.name}' of {cls.name_in_flow}: expected {wanted}, found {kind_of(value)}"
            self.session.fail("invalid-argument", message, argument.value.span)

    def _converted(self, cls: type[Declared], attribute: Attribute, argument: tree.Argument, value: Any) -> Any:
        try:
            return attribute.convert(_as_configuration(value), cls)
        except AttributeFault as fault:
            code, help = ("unknown-size", _KNOWN_SIZE) if _has_symbols(value) else ("invalid-argument", fault.help)
            if help is None and isinstance(value, str):
                help = did_you_mean(value, attribute.choices)
            expected = fault.expected
            if takes_words_alone(attribute):
                expected = expected.replace("a string", f"one of {', '.join(attribute.choices)}")
            message = f"'{attribute.name}' of {cls.name_in_flow}: expected {expected}, found {_found(value)}"
            self.session.fail(code, message, argument.value.span, help=help)

    def argument(self, expr: tree.Expr, attribute: Attribute) -> Any:
        """The value given to an attribute. A bare name that nothing binds may be one of the attribute's own words; a
        call may name a configuration object of the attribute's kind."""
        evaluator = self.evaluator
        if isinstance(expr, tree.Name):
            value = self._bound(expr)
            if value is _UNBOUND and expr.id not in evaluator.env.module.blocks:
                return self._word(expr, attribute)
            return evaluator.evaluate(expr) if value is _UNBOUND else value
        if isinstance(expr, tree.Conditional):
            return self.argument(expr.then if evaluator.holds(expr.condition) else expr.otherwise, attribute)
        if isinstance(expr, tree.Sequence):
            return self._sequence(expr, attribute)
        if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name):
            kind = configuration_kind(attribute)
            cls = find_configuration(expr.function.id, kind) if kind else None
            if cls is not None:
                return self.declared(cls, expr.arguments, expr.span)
            if kind is not None and not self._is_known(expr.function):
                self._unknown_word(expr.function, attribute)
        return evaluator.evaluate(expr)

    def _sequence(self, expr: tree.Sequence, attribute: Attribute) -> tuple[Any, ...]:
        values = [self.argument(item, attribute) for item in expr.items]
        return tuple(values)

    def _word(self, expr: tree.Name, attribute: Attribute) -> Any:
        words = attribute.choices
        if expr.id in words:
            return expr.id
        if find_operator(expr.id) is not None and not takes_words_alone(attribute):
            return self.evaluator.evaluate(expr)
        return self._unknown_word(expr, attribute) if words else self._refuse_name(expr, False)

    def _unknown_word(self, expr: tree.Name, attribute: Attribute) -> NoReturn:
        env = self.evaluator.env
        self._refuse(unknown_word(expr.id, attribute, env.module, env.all_names()), expr.span)

    def _is_known(self, expr: tree.Name) -> bool:
        known = find_operator(expr.id) is not None or expr.id in VALUE_FUNCTIONS
        return known or expr.id in self.evaluator.env.module.blocks or self._bound(expr) is not _UNBOUND

    # ------------------------------------------------------------ blocks

    def _block(self, module: Module, block: tree.Block, arguments: Sequence[tree.Argument], span: Span) -> Any:
        names = [parameter.name for parameter in block.parameters]
        bound = bind(self.session, block_signature(block), arguments, span)
        values = dict(zip(bound, self._block_values(block, bound), strict=True))
        given = ", ".join(f"{name}={show(value)}" for name, value in values.items())
        env = Env(module, values)
        with self.session.calling(f"{block.name}({given})", span):
            for parameter in block.parameters:
                if parameter.name not in values and parameter.default is not None:
                    values[parameter.name] = self._in(env).evaluate(parameter.default)
        ordered = tuple(values[name] for name in names)
        layer = bounded(self.session, BlockLayer(block, module, ordered, given), span)
        return self._function(layer, span) if block.is_function else layer

    def _block_values(self, block: tree.Block, bound: dict[str, tree.Argument]) -> tuple[Any, ...]:
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in bound.values()))
        for value, argument in zip(values, bound.values(), strict=True):
            if not block.is_function and next(tensors_in(value), None) is not None:
                self._refuse_tensor(block.name, argument, tuple(bound.values()))
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
        """`f(initial_state=...)` for a layer that has its configuration already."""
        what = expr.function.span.text
        for argument in expr.arguments:
            if argument.name is None and next(tensors_in(self.evaluator.evaluate(argument.value)), None) is not None:
                text = argument.value.span.text.strip()
                help = f"leave `({text})` out" if stage else f"write `{text} -> {what}`"
                self._misplaced_tensor(what, argument, help)
        inner = value.layer if isinstance(value, SharedLayer) else value
        if not isinstance(inner, OperatorLayer):
            self._refuse_call(inner, expr)
        cls = type(inner.op)
        attributes = {name: item for name, item in cls.attributes().items() if item.call}
        wanted = Signature(f"a call of {cls.name_in_flow}", (), tuple(attributes), ())
        bound = bind(self.session, wanted, expr.arguments, expr.span)
        values, keywords = self._attribute_values(cls, attributes, bound)
        op = cls({**inner.op.given(), **values})
        places = inner.places + tuple((name, argument.span) for name, argument in bound.items())
        layer = OperatorLayer(op, inner.keywords + keywords, expr.span, places)
        return SharedLayer(value.instance, layer) if isinstance(value, SharedLayer) else layer

    def _refuse_call(self, value: Any, expr: tree.Call) -> NoReturn:
        help = "its configuration is given where it is named" if isinstance(value, Layer) else None
        name = expr.function.id if isinstance(expr.function, tree.Name) else ""
        hidden = self.evaluator.env.places.get(name) if find_operator(name) is not None else None
        labels = (Label(hidden, "this hides the operator"),) if hidden else ()
        message = f"{kind_of(value)} takes no arguments here"
        self.session.fail("wrong-kind", message, expr.span, labels=labels, help=help)


_KNOWN_SIZE = "this size must be a number when the model is compiled: give it in the input's type or with `--set`"


def _as_configuration(value: Any) -> Any:
    """What an attribute sees of a value: a layer of the catalogue is its operator."""
    if isinstance(value, OperatorLayer) and not value.keywords:
        return value.op
    if isinstance(value, tuple):
        return tuple(_as_configuration(item) for item in value)
    return value


def _has_symbols(value: Any) -> bool:
    return any(map(_has_symbols, value)) if isinstance(value, tuple) else isinstance(value, SymbolicDim)


def _found(value: Any) -> str:
    if isinstance(value, OperatorLayer):
        return f"the layer {show(value)}"
    return f"{kind_of(value)} {show(value)}" if isinstance(value, (int, float, str, tuple)) else kind_of(value)
