"""Owns what an operator of the catalogue becomes: a Keras layer that is made and applied, or a call of a function of
keras.ops or keras.activations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwright.backends.keras.as_function import as_function
from netwright.backends.keras.layers_random import drawn
from netwright.backends.keras.literals import string
from netwright.backends.keras.scope import Carry
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Signed, Size
from netwright.backends.keras.terms import (
    Given,
    Items,
    Layer,
    Tensor,
    Tensors,
    Term,
    flowing,
    is_unknown,
    list_code,
    operand_codes,
    temps_of,
)
from netwright.compiler.ops.activation_values import StandsForActivation
from netwright.compiler.ops.activations import IN_OPS, ActivationFunction
from netwright.compiler.ops.op import Op
from netwright.compiler.ops.random_functions import RandomFunction
from netwright.compiler.ops.written import WrittenLayer
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator

FOLLOWS = Signed("-", Atom("1"))  # -1: the size that follows from the others


@dataclass(frozen=True, slots=True)
class OperatorLayer(Layer):
    """An operator with its arguments."""

    cls: type[Op]
    given: Given
    place: Span

    @property
    def is_function(self) -> bool:
        """Whether Keras has it as a function of tensors."""
        return self.cls.keras.startswith(("ops.", "activations.", "random."))

    @property
    def stands_alone(self) -> bool:
        """Whether it is a Keras layer of one tensor that needs nothing but its arguments."""
        return not self.is_function and self.operands() == 1 and not self.given.call and self.cls.convention != "list"

    @property
    def is_bare(self) -> bool:
        """Whether it has no arguments."""
        return not (self.given.positional or self.given.keywords or self.given.call)

    @property
    def activation_name(self) -> str:
        """The activation that it is where it has no arguments, '' if it is none."""
        if issubclass(self.cls, StandsForActivation):
            return self.cls.function
        is_activation = issubclass(self.cls, ActivationFunction) and self.cls.for_attributes
        return self.cls.keras.removeprefix("activations.") if is_activation else ""

    @property
    def _function(self) -> str:
        """Keras's name of the function for tensors of a model that is being built; '' where there is none."""
        if not issubclass(self.cls, ActivationFunction) or self.cls.takes_symbols:
            return self.cls.keras
        return f"ops.{self.activation_name}" if self.activation_name in IN_OPS else ""

    def _activation_layer(self, to: Translator) -> Code:
        return Call(to.emission.keras("layers.Activation"), (Atom(string(self.activation_name)),))

    def called_with(self, given: Given) -> OperatorLayer:
        """The same with call-time arguments, in the place of those of their names."""
        call = tuple((dict(self.given.call) | dict(given.call)).items())
        return replace(self, given=replace(self.given, call=call))

    def operands(self) -> int:
        return 0 if self.cls.variadic else len(self.cls.operands) - len(self.cls.optional_operands)

    # ------------------------------------------------------------ applications

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        if self.cls.name_in_flow == "identity" and self.is_bare:
            return operand
        if self.is_function:
            return self._call(to, operand, place)
        operand = tied_operand(to, operand, place)
        code = Call(self.instance(to, place), self._operands(operand), self.given.call)
        return made(to, code, temps_of([operand]), place)

    def _call(self, to: Translator, operand: Term, place: Span) -> Term:
        if issubclass(self.cls, RandomFunction):
            operand = as_variables(to, operand)
            return drawn(to, self.cls, self.given, operand_codes(operand), temps_of([operand]), place)
        reshaped = self._reshaped(to, operand, place)
        if reshaped is not None:
            return reshaped
        if not self._function:
            operand = tied_operand(to, operand, place)
            return made(to, Call(self._activation_layer(to), operand_codes(operand)), temps_of([operand]), place)
        instead = to.emission.evidence.layer_at(place)
        if instead:
            operand = tied_operand(to, operand, place)
            layer = Call(to.emission.keras(instead), self.given.positional, self.given.keywords)
            return made(to, Call(layer, operand_codes(operand)), temps_of([operand]), place)
        code = self._function_code(to, operand)
        if is_unknown(code) or not to.emission.evidence.is_symbolic_at(place):
            operand = as_variables(to, operand)
            tensors = tuple(each.code for each in flowing(operand))
            return to.run_time(self._function_code(to, operand), tensors, temps_of([operand]), place)
        eager = all(each.eager for each in flowing(operand))
        return replace(made(to, code, temps_of([operand]), place), applied=False, eager=eager)

    def _function_code(self, to: Translator, operand: Term) -> Call:
        function = to.emission.keras(self._function)
        positional, keywords = self.given.positional, (*self.given.keywords, *self.given.call)
        operands = self._operands(operand)
        if self.cls.convention == "named":
            first, *rest = zip(self.cls.operands, operands, strict=False)
            return Call(function, (first[1],), (*rest, *self._by_name(positional), *keywords))
        if self.cls.convention == "einsum" and positional:
            return Call(function, (positional[0], *operands, *positional[1:]), keywords)
        if self.cls.convention == "positional" and len(operands) < len(self.cls.operands):
            keywords, positional = (*self._by_name(positional), *keywords), ()
        return Call(function, operands + positional, keywords)

    def _by_name(self, positional: tuple[Code, ...]) -> tuple[tuple[str, Code], ...]:
        names = (name for name, attribute in self.cls.attributes().items() if not attribute.keyword_only)
        return tuple(zip(names, positional, strict=False))

    def _operands(self, operand: Term) -> tuple[Code, ...]:
        return (list_code(operand),) if self.cls.convention == "list" else operand_codes(operand)

    # ------------------------------------------------------------ reshaping to sizes that are not known

    def _reshaped(self, to: Translator, operand: Term, place: Span) -> Term | None:
        """`ops.reshape` to a shape whose first size is the operand's batch and with another one that is not known, as a
        layer: that leaves the batch alone."""
        shape = self._target_shape()
        if self.cls.keras != "ops.reshape" or shape is None or not isinstance(operand, Tensor):
            return None
        unknown = [item for item in shape.items if is_unknown(item)]
        if len(unknown) == 1 and FOLLOWS not in shape.items:
            sizes = Display("tuple", tuple(FOLLOWS if item in unknown else item for item in shape.items))
            return Tensor(Call(to.emission.keras("ops.reshape"), (operand.code, sizes)), temps=operand.temps)
        first = shape.items[0] if shape.items else None
        if len(unknown) == 2 and isinstance(first, Size) and first.axis == 0 and FOLLOWS not in shape.items:
            sizes = Display("tuple", tuple(FOLLOWS if item in unknown else item for item in shape.items[1:]))
            layer = Call(to.emission.keras("layers.Reshape"), (sizes,))
            return made(to, Call(layer, (operand.code,)), operand.temps, place)
        return None

    def _target_shape(self) -> Display | None:
        values = (*self.given.positional, *(value for _, value in self.given.keywords))
        return values[0] if values and isinstance(values[0], Display) else None

    # ------------------------------------------------------------ as values

    def instance(self, to: Translator, place: Span) -> Code:
        if self.is_function:
            return to.refuse("this is a function, not a layer", place)
        positional = tuple(self._known(to, value, place) for value in self.given.positional)
        cls = to.emission.keras(self.cls.keras) if self.cls.keras else Atom(self.cls.__name__)
        made = Call(cls, positional, self._keywords(to, place))
        return Call(to.emission.keras("layers.Pipeline"), (Display("list", (made,)),)) if self.cls.in_pipeline else made

    def _keywords(self, to: Translator, place: Span) -> tuple[tuple[str, Code], ...]:
        """The attributes given by name; a layer's own name only where Keras would take it."""
        kept = to.emission.layer_names.is_kept(place)
        return tuple(
            (name, self._known(to, value, place)) for name, value in self.given.keywords if kept or name != "name"
        )

    def _known(self, to: Translator, value: Code, place: Span) -> Code:
        """An attribute's value; of a shape, one size that is not known may follow from the others."""
        if self.cls.keras == "layers.Reshape" and isinstance(value, Display) and FOLLOWS not in value.items:
            unknown = [item for item in value.items if is_unknown(item)]
            if len(unknown) == 1:
                return replace(value, items=tuple(FOLLOWS if item in unknown else item for item in value.items))
        return to.known(value, place)

    def function(self, to: Translator) -> Code:
        if self.is_bare and self.activation_name:
            name = self._function if self.is_function else f"activations.{self.activation_name}"
            return to.emission.keras(name) if name else self._activation_layer(to)
        is_plain = self.is_function and not issubclass(self.cls, RandomFunction)
        if self.is_bare and is_plain and self.cls.convention == "positional":
            return to.emission.keras(self.cls.keras)
        if issubclass(self.cls, StandsForActivation) and not self.given.call:
            return self.instance(to, self.place)
        return as_function(to, self, self.place)


# ---------------------------------------------------------------- results and operands


def made(to: Translator, code: Code, temps: frozenset[str], place: Span) -> Tensor | Tensors:
    """What an application at this place makes: one tensor, or as many as elaboration saw."""
    evidence = to.emission.evidence
    count = evidence.outputs_at(place)
    if count is not None:
        if evidence.nests_at(place):
            code = Call(to.emission.keras("tree.flatten"), (code,))
        return Tensors(code, count, applied=True, temps=temps)
    return Tensor(code, applied=True, temps=temps, types=evidence.types_at(place))


def create(to: Translator, layer: OperatorLayer, place: Span) -> Term:
    """The tensor that an operator without operands makes; a layer takes one of the model's, and ignores it."""
    if issubclass(layer.cls, WrittenLayer):
        return made(to, Call(layer.instance(to, place), (to.anchor(place),)), frozenset(), place)
    if issubclass(layer.cls, RandomFunction):
        return drawn(to, layer.cls, layer.given, (), frozenset(), place)
    code = Call(to.emission.keras(layer.cls.keras), layer.given.positional, layer.given.keywords)
    if not is_unknown(code):
        return Tensor(code, eager=True)
    axis = _whole_axis(code)
    if layer.cls.keras == "ops.arange" and axis is not None:
        keywords = tuple((name, value) for name, value in code.keywords if name == "dtype")
        made_layer = Call(Atom("Arange"), (), (("axis", Atom(str(axis.axis))), *keywords))
        return Tensor(Call(made_layer, (axis.tensor,)), applied=True)
    return to.run_time(code, (), frozenset(), place)


def _whole_axis(code: Call) -> Size | None:
    """The size that `arange(size)` counts to, if that is all it says."""
    values = [value for value in code.positional if value != Atom("0")]
    values += [value for name, value in code.keywords if name != "dtype"]
    one = values[0] if len(values) == 1 and len(code.positional) <= 2 else None
    return one if isinstance(one, Size) and one.axis is not None else None


def tied_operand(to: Translator, operand: Term, place: Span) -> Term:
    """The operand with its constants made part of the model, each in a variable."""
    if isinstance(operand, Items):
        return replace(operand, items=tuple(tied_operand(to, item, place) for item in operand.items))
    if isinstance(operand, (Tensor, Tensors)) and operand.eager:
        return Carry(to.scope).hold(to.tied(operand, place))
    return operand


def as_variables(to: Translator, operand: Term, carry: Carry | None = None) -> Term:
    """The operand with each of its tensors in a variable."""
    if isinstance(operand, Items):
        return replace(operand, items=tuple(as_variables(to, item) for item in operand.items))
    if isinstance(operand, (Tensor, Tensors)):
        return (carry or Carry(to.scope)).as_variable(operand)
    return operand
