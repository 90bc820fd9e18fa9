"""Owns `recurrent(cell)`: the cell becomes a model over inputs of one step and of the states, and a Keras layer runs
it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwright.backends.keras import arguments as given
from netwright.backends.keras.bodies import named_axes
from netwright.backends.keras.captures import Captures
from netwright.backends.keras.evidence import Types, are_known
from netwright.backends.keras.layers_block import BlockLayer
from netwright.backends.keras.layers_called import model_input
from netwright.backends.keras.layers_operator import OperatorLayer, as_variables, made, tied_operand
from netwright.backends.keras.literals import constant, string
from netwright.backends.keras.scope import Carry
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Index, Member, Size, Subscript
from netwright.backends.keras.terms import (
    Items,
    Layer,
    Plain,
    Tensor,
    Term,
    Unknown,
    is_variable,
    list_code,
    operand_codes,
    temps_of,
)
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.ir import ScanNode
from netwright.compiler.ops.op import Op
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


def recurrent(to: Translator, cls: type[Op], arguments: tuple[tree.Argument, ...], place: Span) -> RecurrentLayer:
    """The layer of a call: the cell stays a layer, the other arguments are as any operator's."""
    order = [name for name, attribute in cls.attributes().items() if not attribute.keyword_only]
    named = {each.name or order[index]: each for index, each in enumerate(arguments)}
    cell = named.pop("cell")
    rest = tuple(tree.Argument(each.span, name, each.value) for name, each in named.items())
    return RecurrentLayer(cls, given.of_operator(to, cls, rest), place, to.layer(cell.value), cell.span)


@dataclass(frozen=True, slots=True)
class RecurrentLayer(OperatorLayer):
    """`recurrent` with its cell, and where that is given."""

    cell: Layer
    cell_place: Span

    @property
    def stands_alone(self) -> bool:
        return False  # what it is applied to says the sizes of a step

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = as_variables(to, tied_operand(to, operand, place))
        assert isinstance(operand, Tensor)
        variable = to.scope.temporary("cell")
        captures = Captures(to, variable)
        held = replace(self.given, call=captures.holding_states(self.given.call))
        inside = replace(self, cell=captures.inside(self.cell), given=held)
        self._check_captures(to, place, every=not captures.hides)
        layer = inside._made(to, place, operand.code, variable, captures)
        code = Call(layer, operand_codes(operand), (*held.call, *captures.argument()))
        return made(to, code, temps_of([operand]) | captures.temps, place)

    def instance(self, to: Translator, place: Span) -> Code:
        self._check_captures(to, place, every=False)
        seen = to.emission.evidence.recurrences_at(place)
        sequences = model_input(to, seen[0].operands[0], place) if seen else None
        variable = to.scope.temporary("cell")
        return self._made(to, place, sequences, variable, Captures(to, variable))

    def _check_captures(self, to: Translator, place: Span, *, every: bool) -> None:
        """Refuse a cell that uses tensors from outside, but where every one of them is in sight."""
        if not every and any(node.body.captures for node in to.emission.evidence.recurrences_at(place)):
            message = "a cell that is shared, or given to a block, cannot use tensors from outside of it"
            to.refuse(message, self.cell_place, "join them to each step")

    # ------------------------------------------------------------ the cell

    def _made(self, to: Translator, place: Span, sequences: Code | None, variable: str, captures: Captures) -> Code:
        """The Keras layer, after the statements that make its cell."""
        seen = to.emission.evidence.recurrences_at(place)
        names = tuple(to.scope.temporary(f"{variable}_{name}") for name in self._operand_names(seen))
        for index, (name, shape) in enumerate(zip(names, self._shapes(to, seen, sequences, place), strict=True)):
            dtype = (("dtype", Atom(string(_dtype(seen, index)))),) if _dtype(seen, index) != "float32" else ()
            to.scope.assign((name,), Call(to.emission.keras("Input"), (shape,), dtype))
        captures.make_inputs()
        self._assign(to, variable, names, captures.names)
        to.scope.release(frozenset({variable}))
        positional = (Atom(variable), *self.given.positional)
        return Call(to.emission.keras(self.cls.keras), positional, self._keywords(to, place))

    def _assign(self, to: Translator, variable: str, names: tuple[str, ...], constants: tuple[str, ...]) -> None:
        """`cell = RecurrentCell(keras.Model([...], ...))`"""
        anchor, to.scope.anchor = to.scope.anchor, Atom(names[0])
        operand = Items(tuple(Tensor(Atom(name)) for name in names))
        result = self.cell.apply(to, operand, self.cell_place, Carry(to.scope))
        to.scope.anchor = anchor
        outputs = list_code(result) if isinstance(result, Items) else to.code(result, self.cell_place)
        inputs = (*names, *constants)
        model = Call(to.emission.keras("Model"), (Display("list", tuple(map(Atom, inputs))), outputs))
        count = (("constants", Atom(str(len(constants)))),) if constants else ()
        to.scope.assign((variable,), Call(Atom("RecurrentCell"), (model,), count), temps_of([result]) | set(inputs))

    def _operand_names(self, seen: list[ScanNode]) -> list[str]:
        if isinstance(self.cell, BlockLayer):
            return [target.name for target in self.cell.block.operands]
        states = seen[0].state_count if seen else self.cell.operands() - 1
        return ["x", *(f"state_{number + 1}" for number in range(states))]

    # ------------------------------------------------------------ the sizes of what it takes

    def _shapes(self, to: Translator, seen: list[ScanNode], sequences: Code | None, place: Span) -> tuple[Code, ...]:
        """The shape of a step, and those of the states as the spec says them: those of the first states, or those in
        the header of the block; numbers where neither says any."""
        step = self._seen_shape(to, seen, 0) if sequences is None else _rest(sequences, 2)
        first = dict(self.given.call).get("initial_state")
        items = first.items if isinstance(first, Display) else () if first is None else (first,)
        if items and all(map(is_variable, items)):
            return (step, *(_rest(item, 1) for item in items))
        if (
            first is None
            and isinstance(self.cell, BlockLayer)
            and all(each.dims for each in self.cell.block.operands[1:])
        ):
            types = tuple({node.body.inputs[0].type for node in seen})
            return (step, *_header_shapes(to, self.cell, _Step(sequences, types), place))
        states = range(1, len(self._operand_names(seen)))
        return (step, *(self._seen_shape(to, seen, index) for index in states))

    def _seen_shape(self, to: Translator, seen: list[ScanNode], index: int) -> Code:
        """The shape of an operand of the cell as numbers, where all calls agree on it."""
        shapes = {node.body.inputs[index].type.shape[1:] for node in seen}
        if len(shapes) != 1:
            found = "other sizes from call to call" if shapes else "sizes that nothing says: no call leads here"
            help = "say the sizes of its states in the header of the cell's block: `(x, h[N, units]) -> cell(units)`"
            to.refuse(f"the cell has {found}", self.cell_place, help)
        return constant(tuple(dim if isinstance(dim, int) else None for dim in shapes.pop()))


def _dtype(seen: list[ScanNode], index: int) -> str:
    return keras_dtype(seen[0].body.inputs[index].type.dtype) if seen else "float32"


def _rest(tensor: Code, axis: int) -> Code:
    """`tensor.shape[axis:]`"""
    return Subscript(Member(tensor, "shape"), (Index(Atom(str(axis))),))


# ---------------------------------------------------------------- sizes in the header of a block


@dataclass(frozen=True, slots=True)
class _Step:
    """What a cell gets at each step: the sequences, if they are there yet, and the types that steps were seen with."""

    sequences: Code | None
    types: Types

    def size(self, axis: int, name: str) -> Code:
        """One size: of the sequences, which have the steps before it, or a number."""
        known = are_known(self.types, axis)
        if self.sequences is not None:
            return Size(self.sequences, axis + 1 if axis > 0 else axis, known)
        return constant(self.types[0].shape[axis]) if known and len(self.types) == 1 else Unknown(name)


def _header_shapes(to: Translator, cell: BlockLayer, step: _Step, place: Span) -> tuple[Code, ...]:
    """`(x, h[N, units]) -> cell(units)`: the sizes of the states, written where the cell is made."""
    inner = type(to)(to.emission, cell.module, to.scope, to.params)
    first, *states = cell.block.operands
    names = [parameter.name for parameter in cell.block.parameters]
    given_terms = {each.name or names[index]: each.term for index, each in enumerate(cell.arguments)}
    terms = inner.with_defaults(cell.block.parameters, given_terms)
    for axis, name in named_axes(first.dims or ()):
        if name not in terms and name not in inner.module.params:
            terms[name] = Plain(step.size(axis, name))
    with to.scope.binding(terms):
        sizes = [tuple(to.known(inner.plain(dim), place) for dim in (target.dims or ())[1:]) for target in states]
    return tuple(Display("tuple", each) for each in sizes)
