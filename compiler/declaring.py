"""Owns what becomes of the arguments of operators and configuration objects: each is evaluated as its attribute
reads it, where a bare name may be one of the attribute's own words, and converted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from netwright.compiler.arguments import bind, check_required, signature
from netwright.compiler.dims import SymbolicDim
from netwright.compiler.ir import Value
from netwright.compiler.ops.attributes import Attribute, AttributeFault
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import Configuration, configuration_kind
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import OpError
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.unknown_names import takes_words_alone, unknown_word
from netwright.compiler.value_functions import VALUE_FUNCTIONS
from netwright.compiler.values import OperatorLayer, kind_of, show, tensors_in
from netwright.dsl import tree
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean

if TYPE_CHECKING:
    from netwright.compiler.calling import Calling


class Declaring:
    """Makes operators and configuration objects for one evaluator."""

    def __init__(self, calling: Calling) -> None:
        self.calling = calling
        self.evaluator = calling.evaluator
        self.session: Session = calling.session

    def declared(self, cls: type[Configuration], arguments: Sequence[tree.Argument], span: Span) -> Configuration:
        """A configuration object from a call's arguments."""
        made: Configuration = self.declare(cls, arguments, span)[0]
        return made

    def declare(self, cls: Any, arguments: Sequence[tree.Argument], span: Span) -> tuple[Any, Any, Any]:
        """The object that a call makes, its call-time tensors by keyword, and the places of its arguments."""
        attributes: dict[str, Attribute] = cls.attributes()
        wanted = signature(cls)
        if not arguments:
            check_required(self.session, wanted, {}, span)
            bound: dict[str, tree.Argument] = {}
        else:
            bound = bind(self.session, wanted, arguments, span)
        values, keywords = self.values(cls, attributes, bound)
        made = cls(values)
        try:
            made.validate()
        except OpError as error:
            place = bound[error.at].span if error.at in bound else span
            self.session.fail(
                error.code, f"{cls.name_in_flow}: {error.message}", place, label=error.label, help=error.help
            )
        return made, keywords, tuple((name, argument.span) for name, argument in bound.items())

    def values(
        self, cls: type[Declared], attributes: dict[str, Attribute], bound: dict[str, tree.Argument]
    ) -> tuple[dict[str, Any], tuple[tuple[str, Any], ...]]:
        """The values of the arguments, converted, and the call-time tensors among them."""
        values: dict[str, Any] = {}
        keywords: list[tuple[str, Any]] = []
        failed = shifted = False
        for name, argument in bound.items():
            if shifted and argument.name is None:
                continue  # what stands behind a tensor is not in the place that was meant
            try:
                value = self.argument(argument.value, attributes[name])
                if next(tensors_in(value), None) is not None:
                    if not attributes[name].call:
                        shifted = argument.name is None
                        self.calling.refuse_tensor(cls.name_in_flow, argument, tuple(bound.values()))
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
            known = self.calling.is_bound(expr) or expr.id in evaluator.env.module.blocks
            return evaluator.evaluate(expr) if known else self._word(expr, attribute)
        if isinstance(expr, tree.Conditional):
            return self.argument(expr.then if evaluator.holds(expr.condition) else expr.otherwise, attribute)
        if isinstance(expr, tree.Sequence):
            return tuple(self.argument(item, attribute) for item in expr.items)
        if isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name):
            kind = configuration_kind(attribute)
            cls = find_configuration(expr.function.id, kind) if kind else None
            if cls is not None:
                return self.declared(cls, expr.arguments, expr.span)
            if kind is not None and not self._is_known(expr.function):
                self._unknown_word(expr.function, attribute)
        return evaluator.evaluate(expr)

    def _word(self, expr: tree.Name, attribute: Attribute) -> Any:
        words = attribute.choices
        if expr.id in words:
            return expr.id
        if find_operator(expr.id) is not None and not takes_words_alone(attribute):
            return self.evaluator.evaluate(expr)
        return self._unknown_word(expr, attribute) if words else self.calling.refuse_name(expr, False)

    def _unknown_word(self, expr: tree.Name, attribute: Attribute) -> NoReturn:
        env = self.evaluator.env
        self.calling.refuse(unknown_word(expr.id, attribute, env.module, env.all_names()), expr.span)

    def _is_known(self, expr: tree.Name) -> bool:
        known = find_operator(expr.id) is not None or expr.id in VALUE_FUNCTIONS
        return known or expr.id in self.evaluator.env.module.blocks or self.calling.is_bound(expr)


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
