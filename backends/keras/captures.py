"""Owns the tensors from outside of a cell that its layers are given by keyword: what the model of a step has as inputs
that are the same at every step."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.layers_called import FunctionLayer
from netwright.backends.keras.layers_looped import LoopLayer
from netwright.backends.keras.layers_operator import OperatorLayer
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Member
from netwright.backends.keras.terms import BlockArgument, Layer, Plain, Term, is_variable

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator

_TENSORS = {"Tensor", "Tensors"}  # what attributes that take them are annotated with
_NO_TENSORS = (Atom("None"), Atom("True"), Atom("False"))


class Captures:
    """What one cell captures. `hides`: whether it has layers that may capture more, behind names. `temps`: variables
    that nothing else reads."""

    def __init__(self, to: Translator, cell: str) -> None:
        self._to = to
        self._cell = cell
        self._found: dict[Code, tuple[Code, str]] = {}
        self.hides = False
        self.temps: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs of the cell's model."""
        return tuple(name for _, name in self._found.values())

    def argument(self) -> tuple[tuple[str, Code], ...]:
        """The argument with which the layer is called that runs the cell."""
        tensors = tuple(tensor for tensor, _ in self._found.values())
        return (("constants", Display("list", tensors)),) if tensors else ()

    def holding_states(self, call: tuple[tuple[str, Code], ...]) -> tuple[tuple[str, Code], ...]:
        """The arguments with each first state in a variable, which says the size of an input of the cell."""
        return tuple((name, self._state(code) if name == "initial_state" else code) for name, code in call)

    def _state(self, code: Code) -> Code:
        if isinstance(code, Display):
            return replace(code, items=tuple(map(self._state, code.items)))
        return self._held("state", code)

    def make_inputs(self) -> None:
        """Write `cell_mask = keras.Input(batch_shape=mask.shape, dtype=mask.dtype)`."""
        for tensor, name in self._found.values():
            keywords = (("batch_shape", Member(tensor, "shape")), ("dtype", Member(tensor, "dtype")))
            self._to.scope.assign((name,), Call(self._to.emission.keras("Input"), (), keywords))

    def inside(self, item: Any) -> Any:
        """A layer, or what it holds, with the inputs in the place of the tensors from outside."""
        if isinstance(item, tuple):
            return tuple(map(self.inside, item))
        if not isinstance(item, (Layer, BlockArgument)):
            return item
        self.hides |= isinstance(item, (FunctionLayer, LoopLayer))
        if isinstance(item, OperatorLayer):
            item = replace(item, given=replace(item.given, call=self._call(item)))
        parts = {each.name: getattr(item, each.name) for each in fields(item)}
        inner = {name: part for name, part in parts.items() if isinstance(part, (tuple, Term, BlockArgument))}
        return replace(item, **{name: self.inside(part) for name, part in inner.items()})

    def _call(self, layer: OperatorLayer) -> tuple[tuple[str, Code], ...]:
        words = {name: attribute.annotation.split(" | ") for name, attribute in layer.cls.attributes().items()}
        return tuple(
            (name, code if _TENSORS.isdisjoint(words[name]) else self._given(name, code))
            for name, code in layer.given.call
        )

    def _given(self, name: str, code: Code) -> Code:
        """What the layer in the cell is given for such an argument."""
        if isinstance(code, Display):
            return replace(code, items=tuple(self._given(name, item) for item in code.items))
        return code if self._is_plain(code) else self._input(name, code)

    def _is_plain(self, code: Code) -> bool:
        """Whether it is none or a number."""
        term = self._to.scope.find(code.flat())
        return code in _NO_TENSORS or isinstance(term, Plain) or (isinstance(code, Atom) and not is_variable(code))

    def _input(self, wanted: str, code: Code) -> Code:
        if code not in self._found:
            name = self._to.scope.temporary(f"{self._cell}_{wanted}")
            self._found[code] = (self._held(wanted, code), name)
        return Atom(self._found[code][1])

    def _held(self, wanted: str, code: Code) -> Code:
        """The tensor in a variable."""
        if is_variable(code):
            return code
        name = self._to.scope.temporary(wanted)
        self._to.scope.assign((name,), code)
        self.temps.add(name)
        return Atom(name)
