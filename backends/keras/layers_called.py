"""Owns layers that are a Python value: a function that a block was given, and a shared layer that is made once and then
called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwright.backends.keras.layers_operator import OperatorLayer, made, tied_operand
from netwright.backends.keras.literals import constant, string
from netwright.backends.keras.scope import TEMPORARIES, Carry
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Index, Member, Subscript
from netwright.backends.keras.terms import (
    Given,
    Items,
    Layer,
    Tensor,
    Term,
    list_code,
    operand_codes,
    temps_of,
)
from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ir import Value
from netwright.compiler.ops.registry import OPERATORS
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


@dataclass(frozen=True, slots=True)
class FunctionLayer(Layer):
    """A function of tensors that is known when the model is built, such as a block's parameter."""

    code: Code

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = tied_operand(to, operand, place)
        return made(to, Call(self.code, operand_codes(operand)), temps_of([operand]), place)

    def function(self, to: Translator) -> Code:
        return self.code

    def instance(self, to: Translator, place: Span) -> Code:
        return self.code


@dataclass(frozen=True, slots=True)
class SharedLayer(Layer):
    """A Keras layer in a variable: the same weights wherever it is called. `operator` says how, where it is one; a
    model takes its operands as a list."""

    code: Code
    operator: OperatorLayer | None = None
    count: int = 1

    def called_with(self, given: Given) -> SharedLayer:
        """The same with call-time arguments."""
        assert self.operator is not None
        return replace(self, operator=self.operator.called_with(given))

    def operands(self) -> int:
        return self.count if self.operator is None else self.operator.operands()

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = tied_operand(to, operand, place)
        call = self.operator.given.call if self.operator else ()
        return made(to, Call(self.code, self._operands(operand), call), temps_of([operand]), place)

    def _operands(self, operand: Term) -> tuple[Code, ...]:
        listed = not isinstance(operand, Tensor) if self.operator is None else self.operator.cls.convention == "list"
        return (list_code(operand),) if listed else operand_codes(operand)

    def function(self, to: Translator) -> Code:
        return self.code

    def instance(self, to: Translator, place: Span) -> Code:
        return self.code


# ---------------------------------------------------------------- making shared layers


def share(to: Translator, layer: Layer, wanted: str | None, place: Span) -> Layer:
    """The layer, made here, in a variable of the wanted name. `place`: where elaboration saw it declared."""
    if isinstance(layer, OperatorLayer):
        return layer if layer.is_function else _share_operator(to, layer, wanted, place)
    if isinstance(layer, SharedLayer):
        return layer
    stages = layer.layers_in_sequence()
    if stages is not None:
        code = Call(to.emission.keras("Sequential"), (Display("list", tuple(s.instance(to, place) for s in stages)),))
        variable = _variable(to, wanted, "shared")
        to.scope.assign((variable,), code)
        return SharedLayer(Atom(variable))
    return _share_model(to, layer, wanted, place)


def _share_operator(to: Translator, layer: OperatorLayer, wanted: str | None, place: Span) -> SharedLayer:
    variable = _variable(to, wanted, layer.cls.name_in_flow)
    to.scope.assign((variable,), layer.instance(to, place))
    return SharedLayer(Atom(variable), layer)


def _share_model(to: Translator, layer: Layer, wanted: str | None, place: Span) -> SharedLayer:
    """A model of its own over inputs of the types that the layer is applied to."""
    node = to.emission.evidence.first_application(place)
    if node is None:
        to.refuse("this shared layer is applied nowhere, so its weights have no sizes", place)
    if len(node.operands) != layer.operands():
        to.refuse("a shared block cannot use tensors from outside of it", place, "give them as its operands")
    variable = _variable(to, wanted, "shared")
    names = tuple(to.scope.temporary(*wanted) for wanted in _input_names(layer, variable))
    for name, values in zip(names, to.emission.evidence.operands_of_shared(place), strict=True):
        to.scope.assign((name,), _input(to, values, place))
    inputs = tuple(Tensor(Atom(name)) for name in names)
    carry = Carry(to.scope)
    anchor, to.scope.anchor = to.scope.anchor, Atom(names[0])
    result = layer.apply(to, inputs[0] if len(inputs) == 1 else Items(inputs), place, carry)
    to.scope.anchor = anchor
    many = isinstance(result, Items)
    outputs = list_code(result) if many else to.code(result, place)
    given = Atom(names[0]) if len(names) == 1 else Display("list", tuple(map(Atom, names)))
    code = Call(to.emission.keras("Model"), (given, outputs), _model_name(to, variable))
    to.scope.assign((variable,), code, temps_of([result]) | set(names))
    return SharedLayer(Atom(variable), count=len(names))


def _model_name(to: Translator, variable: str) -> tuple[tuple[str, Code], ...]:
    """The model's name where it is the only one: Keras numbers its own names, and refuses others that come twice."""
    unique = to.is_model and variable not in OPERATORS
    return (("name", Atom(string(variable))),) if unique else ()


def _input_names(layer: Layer, variable: str) -> tuple[tuple[str, ...], ...]:
    """What the inputs of a shared model may be called: by the operands of the block that it is, where there are
    several."""
    count = layer.operands()
    if count == 1:
        return (TEMPORARIES,)
    block = getattr(layer, "block", None)
    operands = [target.name for target in block.operands] if block else [f"input_{n + 1}" for n in range(count)]
    return tuple((f"{variable}_{name}",) for name in operands)


def _input(to: Translator, values: tuple[Value, ...], place: Span) -> Code:
    """`keras.Input` for all of the values: of any size where they differ, else of the shape of one that has a name
    here, since that follows the params."""
    type = values[0].type
    sizes = [set(dims) for dims in zip(*(value.type.shape[1:] for value in values), strict=True)]
    shape = _shape(_named(to, values, place), sizes)
    dtype = () if type.dtype == "f32" else (("dtype", Atom(string(keras_dtype(type.dtype)))),)
    return Call(to.emission.keras("Input"), (shape,), dtype)


def _shape(named: Code | None, sizes: list[set[Dim]]) -> Code:
    fixed = [dims.copy().pop() if len(dims) == 1 else None for dims in sizes]
    if named is None:
        return constant(tuple(dim if isinstance(dim, int) else None for dim in fixed))
    shape = Member(named, "shape")
    if None not in fixed:
        return Subscript(shape, (Index(Atom("1")),))
    each = (Atom("None") if dim is None else Subscript(shape, (Atom(str(axis)),)) for axis, dim in enumerate(fixed, 1))
    return Display("tuple", tuple(each))


def _named(to: Translator, values: tuple[Value, ...], place: Span) -> Code | None:
    """The variable of the first of the values that is an input of the model or an operand of the block."""
    for value in values:
        found = model_input(to, value, place)
        if found is not None:
            return found
        if to.emission.evidence.is_operand_beside(value, place):
            term = to.scope.find(value.name)
            return None if term is None else to.code(term, place)
    return None


def model_input(to: Translator, value: Value, place: Span) -> Code | None:
    """The variable of the model's input that the value is."""
    inputs = to.emission.elaborated.inputs
    name = next((name for name, item in inputs.items() if item is value), None)
    term = None if name is None or not to.is_model else to.scope.find(name)
    return None if term is None else to.code(term, place)


def _variable(to: Translator, wanted: str | None, otherwise: str) -> str:
    return wanted if wanted is not None else to.scope.names.claim_first((otherwise,))
