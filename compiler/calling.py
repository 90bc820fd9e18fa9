"""Owns names and calls: what a name stands for (binding, param, block, operator, function of numbers, configuration
object) and what a call of each makes of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from netwright.compiler.arguments import Signature, bind, check_required
from netwright.compiler.dims import SymbolicDim
from netwright.compiler.ops.attributes import TYPES, Attribute, AttributeFault
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import Configuration, ConfigurationType
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import OPERATORS, Op, OpError
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.value_functions import VALUE_FUNCTIONS
from netwright.compiler.values import BlockLayer, Layer, OperatorLayer, SharedLayer, kind_of, tensors_in
from netwright.dsl import tree
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator


class _Unbound:
    """No value: the name is bound nowhere."""


_UNBOUND = _Unbound()
#: modules of Keras by whose name a spec may qualify a function that a layer hides: activations.relu
_KERAS_MODULES = ("ops", "activations")


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

    def _refuse_name(self, expr: tree.Name, stage: bool) -> Any:
        name = expr.id
        env = self.evaluator.env
        if name in VALUE_FUNCTIONS:
            self.session.fail("wrong-kind", f"{name} is a function: write {name}(...)", expr.span)
        if name in env.module.uses:
            self.session.fail("wrong-kind", f"'{name}' is another spec: write {name}.block(...)", expr.span)
        if find_configuration(name) is not None:
            quoted = f'where a block takes it as an argument, write it in quotes: "{name}"'
            self.session.fail(
                "unknown-name", f"'{name}' means something only as an operator's argument", expr.span, help=quoted
            )
        code, what = ("unknown-operator", "layer, block or operator") if stage else ("unknown-name", "name")
        known = [*env.all_names(), *(OPERATORS if stage else ())]
        help = did_you_mean(name, known) or (None if stage else did_you_mean(name, OPERATORS))
        self.session.fail(code, f"no {what} '{name}' is known here", expr.span, help=help)

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
                help = did_you_mean(expr.name, module.blocks)
                self.session.fail("unknown-name", f"'{base}' has no block '{expr.name}'", expr.name_span, help=help)
            return lambda arguments, span: self._block(module, block, arguments, span)
        if base in _KERAS_MODULES and self._bound(expr.base) is _UNBOUND:
            operator = find_operator(f"{base}.{expr.name}")
            if operator is None:
                names = [name.removeprefix(f"{base}.") for name in OPERATORS if name.startswith(f"{base}.")]
                help, message = did_you_mean(expr.name, names), f"keras.{base} has no '{expr.name}' here"
                self.session.fail("unknown-operator", message, expr.name_span, help=help)
            return lambda arguments, span: self._operator(operator, arguments, span)
        return None

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
        return self._call_time(self.evaluator.evaluate(function, stage=True), expr)

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
                self._refuse_tensor(name, argument)
        with self.evaluator.arithmetic(expr.span):
            named = {a.name: v for a, v in zip(expr.arguments, values, strict=True) if a.name is not None}
            unnamed = [v for a, v in zip(expr.arguments, values, strict=True) if a.name is None]
            try:
                return VALUE_FUNCTIONS[name](*unnamed, **named)
            except TypeError:
                self.session.fail("too-many-arguments", f"{name}() does not take these arguments", expr.span)

    def _refuse_tensor(self, what: str, argument: tree.Argument) -> None:
        self.session.fail(
            "tensor-in-parentheses",
            f"a tensor stands where configuration of '{what}' belongs",
            argument.span,
            label="this is a tensor",
            help=f"tensors flow along arrows: write `{argument.value.span.text.strip()} -> {what}`",
        )

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
        signature = _signature(cls)
        if not arguments:
            check_required(self.session, signature, {}, span)
            bound: dict[str, tree.Argument] = {}
        else:
            bound = bind(self.session, signature, arguments, span)
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
                        self._refuse_tensor(cls.name_in_flow, argument)
                    keywords.append((name, value))
                else:
                    values[name] = self._converted(cls, attributes[name], argument, value)
            except Poisoned:
                failed = True
        if failed:
            raise Poisoned
        return values, tuple(keywords)

    def _converted(self, cls: type[Declared], attribute: Attribute, argument: tree.Argument, value: Any) -> Any:
        try:
            return attribute.convert(_as_configuration(value), cls)
        except AttributeFault as fault:
            code, help = ("unknown-size", _KNOWN_SIZE) if _has_symbols(value) else ("invalid-argument", fault.help)
            message = f"'{attribute.name}' of {cls.name_in_flow}: expected {fault.expected}, found {_found(value)}"
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
            return tuple(self.argument(item, attribute) for item in expr.items)
        if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name):
            kind = _configuration_kind(attribute)
            cls = find_configuration(expr.function.id, kind) if kind else None
            if cls is not None:
                return self.declared(cls, expr.arguments, expr.span)
        return evaluator.evaluate(expr)

    def _word(self, expr: tree.Name, attribute: Attribute) -> Any:
        words = attribute.choices
        if expr.id in words:
            return expr.id
        if find_operator(expr.id) is not None:
            return self.evaluator.evaluate(expr)
        if not words:
            return self._refuse_name(expr, False)
        help = did_you_mean(expr.id, (*words, *self.evaluator.env.all_names()))
        if help is None and len(words) <= 8:
            help = "it takes " + ", ".join(words)
        message = f"'{attribute.name}': no name '{expr.id}' is known here"
        return self.session.fail("unknown-name", message, expr.span, help=help)

    # ------------------------------------------------------------ blocks

    def _block(self, module: Module, block: tree.Block, arguments: Sequence[tree.Argument], span: Span) -> Any:
        names = [parameter.name for parameter in block.parameters]
        required = [parameter.name for parameter in block.parameters if parameter.default is None]
        bound = bind(self.session, Signature(block.name, names, (), required), arguments, span)
        values = dict(zip(bound, self._block_values(block, bound), strict=True))
        given = ", ".join(f"{name}={argument.value.span.text}" for name, argument in bound.items())
        env = Env(module, values)
        for parameter in block.parameters:
            if parameter.name not in values and parameter.default is not None:
                values[parameter.name] = self._in(env).evaluate(parameter.default)
        ordered = tuple(values[name] for name in names)
        layer = BlockLayer(block, module, ordered, given)
        return self._function(layer, span) if block.is_function else layer

    def _block_values(self, block: tree.Block, bound: dict[str, tree.Argument]) -> tuple[Any, ...]:
        values = self.evaluator.evaluate_all(tuple(argument.value for argument in bound.values()))
        for value, argument in zip(values, bound.values(), strict=True):
            if not block.is_function and next(tensors_in(value), None) is not None:
                self._refuse_tensor(block.name, argument)
        return values

    def _function(self, layer: BlockLayer, span: Span) -> Any:
        """The value of a block without operands: a function of values."""
        block = layer.block
        env = Env(layer.module, dict(zip((p.name for p in block.parameters), layer.arguments, strict=True)))
        with self.session.calling(f"{block.name}({layer.given})", span):
            if block.body.result is None:
                self.session.fail("missing-argument", f"the body of {block.name} ends in no value", block.body.span)
            return self._in(env).body(block.body)

    def _in(self, env: Env) -> Evaluator:
        """An evaluator of another body that adds to the same graph."""
        return type(self.evaluator)(self.session, env, self.evaluator.graph)

    # ------------------------------------------------------------ call-time arguments

    def _call_time(self, value: Any, expr: tree.Call) -> Layer:
        """`f(initial_state=...)` for a layer that has its configuration already."""
        for argument in expr.arguments:
            if argument.name is None and next(tensors_in(self.evaluator.evaluate(argument.value)), None) is not None:
                self._refuse_tensor(expr.function.span.text, argument)
        inner = value.layer if isinstance(value, SharedLayer) else value
        if not isinstance(inner, OperatorLayer):
            help = "its configuration is given where it is named" if isinstance(inner, Layer) else None
            self.session.fail("wrong-kind", f"{kind_of(value)} takes no arguments here", expr.span, help=help)
        cls = type(inner.op)
        attributes = {name: item for name, item in cls.attributes().items() if item.call}
        signature = Signature(f"a call of {cls.name_in_flow}", (), tuple(attributes), ())
        bound = bind(self.session, signature, expr.arguments, expr.span)
        values, keywords = self._attribute_values(cls, attributes, bound)
        op = cls({**inner.op.given(), **values})
        places = inner.places + tuple((name, argument.span) for name, argument in bound.items())
        layer = OperatorLayer(op, inner.keywords + keywords, expr.span, places)
        return SharedLayer(value.instance, layer) if isinstance(value, SharedLayer) else layer


_KNOWN_SIZE = "this size must be a number when the model is compiled: give it in the input's type or with `--set`"
_SIGNATURES: dict[type[Declared], Signature] = {}


def _signature(cls: type[Declared]) -> Signature:
    if cls not in _SIGNATURES:
        attributes = cls.attributes().values()
        _SIGNATURES[cls] = Signature(
            cls.name_in_flow,
            tuple(item.name for item in attributes if not item.keyword_only),
            tuple(item.name for item in attributes if item.keyword_only),
            tuple(item.name for item in attributes if item.required),
        )
    return _SIGNATURES[cls]


def _as_configuration(value: Any) -> Any:
    """What an attribute sees of a value: a layer of the catalogue is its operator."""
    if isinstance(value, OperatorLayer) and not value.keywords:
        return value.op
    if isinstance(value, tuple):
        return tuple(_as_configuration(item) for item in value)
    return value


def _configuration_kind(attribute: Attribute) -> str | None:
    types = (TYPES[word] for word in attribute.annotation.split(" | "))
    return next((found.kind for found in types if isinstance(found, ConfigurationType)), None)


def _has_symbols(value: Any) -> bool:
    return any(map(_has_symbols, value)) if isinstance(value, tuple) else isinstance(value, SymbolicDim)


def _found(value: Any) -> str:
    from netwright.compiler.values import show

    return f"{kind_of(value)} {show(value)}" if isinstance(value, (int, float, str, tuple)) else kind_of(value)
