"""Owns repeats and chains built by loops: `for` statements that carry tensors from turn to turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netwright.backends.keras.as_function import as_function
from netwright.backends.keras.choices import write_if
from netwright.backends.keras.layers_built import settled
from netwright.backends.keras.layers_operator import tied_operand
from netwright.backends.keras.rows import Rows
from netwright.backends.keras.scope import Carry, carried
from netwright.backends.keras.statements import For
from netwright.backends.keras.syntax import Atom, Call, Code
from netwright.backends.keras.terms import Items, Layer, Tensor, Tensors, Term, is_variable, temps_of
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


@dataclass(frozen=True, slots=True)
class RepeatedLayer(Layer):
    """`count` copies in sequence."""

    is_compound = True
    layer: Layer
    count: Code
    place: Span

    def operands(self) -> int:
        return self.layer.operands()

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        items = Call(Atom("range"), (to.known(self.count, place),))
        turn = _Turn(to, carry, lambda held: self.layer.apply(to, held, place, carry))
        return turn.run(operand, ("_",), items)

    def function(self, to: Translator) -> Code:
        return as_function(to, self, self.place)


@dataclass(frozen=True, slots=True)
class LoopLayer(Layer):
    """`(body for targets in items if condition)`: the body's copies in sequence. `home` and `terms` are the body that
    it stands in and what is bound there."""

    is_compound = True
    loop: tree.Loop
    items: Term
    home: Translator
    terms: dict[str, Term]

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        inner = self.home.beside(to.scope)
        rows = Rows(inner, self.loop, self.items)

        def turn(held: Term) -> Term:
            return inner.layer(self.loop.body).apply(inner, held, self.loop.body.span, carry)

        condition = self.loop.condition
        with to.scope.binding({**self.terms, **rows.terms}):
            test = None if condition is None else inner.plain(condition)
            result = _Turn(to, carry, turn, test).run(operand, rows.variables, rows.code)
        rows.release()
        return result

    def function(self, to: Translator) -> Code:
        return as_function(to, self, self.loop.span)


class _Turn:
    """One turn of a loop: what it makes of the tensors that the last one left."""

    def __init__(
        self, to: Translator, carry: Carry, turn: Callable[[Term], Term], condition: Code | None = None
    ) -> None:
        self._to = to
        self._carry = carry
        self._turn = turn
        self._condition = condition

    def run(self, operand: Term, variables: tuple[str, ...], items: Code) -> Term:
        """Write the loop; what its variables hold in the end."""
        scope = self._to.scope
        held, names = self._held(tied_operand(self._to, settled(operand, self._carry), self._place(operand)))
        with scope.block(loop=variables) as body:
            with scope.block() as turn:
                result = self._turn(held)
                self._assign(names, result)
            if self._condition is None:
                scope.statements += turn
            else:
                write_if(scope, self._condition, turn, [])
        if body:
            scope.emit(For(variables, items, body))
        return held

    def _place(self, operand: Term) -> Span:
        return self._to.module.spec.span

    def _held(self, operand: Term) -> tuple[Term, tuple[str, ...]]:
        """The operand in variables that each turn assigns anew."""
        if isinstance(operand, Items):
            pairs = tuple(zip(operand.items, self._carry.each(len(operand.items)), strict=True))
            names = tuple(self._variable(item, carry) for item, carry in pairs)
            temps = temps_of(operand.items)
            return Items(tuple(carried(name, temps & {name}) for name in names)), names
        assert isinstance(operand, (Tensor, Tensors))
        if operand.code.flat() == self._carry.name(operand.temps):
            return operand, (operand.code.flat(),)
        held = self._carry.hold(operand)
        return held, (held.code.flat(),)

    def _variable(self, item: Term, carry: Carry) -> str:
        """The variable of one of several operands: its own where nothing else reads that, a new one otherwise."""
        assert isinstance(item, (Tensor, Tensors))
        name = item.code.flat()
        own = is_variable(item.code) and (name in item.temps or self._to.scope.is_last_use(item.code))
        if carry.is_temporary and own:
            return name
        return carry.hold(item).code.flat()

    def _assign(self, names: tuple[str, ...], result: Term) -> None:
        scope = self._to.scope
        temps = temps_of([result]) - set(names)
        if isinstance(result, Items) and len(names) > 1:
            codes = tuple(self._to.code(item, self._place(result)) for item in result.items)
            scope.assign_several(names, codes, temps)
        else:
            scope.assign(names, self._to.code(result, self._place(result)), temps)
