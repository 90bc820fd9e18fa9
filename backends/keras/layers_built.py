"""Owns layers that are built of layers: compositions, forks and choices. Repeats and loops are in
`layers_looped.py`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwright.backends.keras.as_function import as_function
from netwright.backends.keras.choices import choose, side
from netwright.backends.keras.layers_operator import OperatorLayer, as_variables
from netwright.backends.keras.scope import Carry
from netwright.backends.keras.syntax import Code, Ternary
from netwright.backends.keras.terms import NOTHING, Items, Layer, Tensor, Tensors, Term, temps_of
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


@dataclass(frozen=True, slots=True)
class ComposedLayer(Layer):
    """Layers in sequence, each with its place."""

    is_compound = True
    stages: tuple[Layer, ...]
    places: tuple[Span, ...]

    def operands(self) -> int:
        return self.stages[0].operands()

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        for stage, where in zip(self.stages, self.places, strict=True):
            operand = stage.apply(to, settled(operand, carry), where, carry)
        return operand

    def function(self, to: Translator) -> Code:
        return as_function(to, self, self.places[0])

    def layers_in_sequence(self) -> tuple[OperatorLayer, ...] | None:
        stages = tuple(stage for stage in self.stages if isinstance(stage, OperatorLayer))
        alone = all(stage.stands_alone for stage in stages)
        return stages if alone and len(stages) == len(self.stages) else None


@dataclass(frozen=True, slots=True)
class ForkLayer(Layer):
    """Every branch gets the same operand."""

    is_compound = True
    branches: tuple[Layer, ...]
    places: tuple[Span, ...]

    def operands(self) -> int:
        return self.branches[0].operands()

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = as_variables(to, operand, carry)
        shared = lent(operand)
        carries = carry.each(len(self.branches), carry.wanted[0] if carry.wanted else "branch")
        results = [
            settled(branch.apply(to, shared, where, own), own)
            for branch, where, own in zip(self.branches, self.places, carries, strict=True)
        ]
        return returned(Items(tuple(results)), temps_of([operand]))

    def function(self, to: Translator) -> Code:
        return as_function(to, self, self.places[0])


@dataclass(frozen=True, slots=True)
class ChosenLayer(Layer):
    """One of two layers, chosen when the model is built."""

    condition: Code
    then: Layer
    otherwise: Layer
    place: Span

    def operands(self) -> int:
        return self.then.operands()

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = as_variables(to, operand, carry)
        shared = lent(operand)
        with side(to.scope) as then:
            then.term = self.then.apply(to, shared, self.place, carry)
        with side(to.scope) as otherwise:
            otherwise.term = self.otherwise.apply(to, shared, self.place, carry)
        return returned(choose(to, self.condition, (then, otherwise), carry, place), temps_of([operand]))

    def function(self, to: Translator) -> Code:
        return Ternary(self.then.function(to), self.condition, self.otherwise.function(to))


# ---------------------------------------------------------------- operands that are read several times


def settled(operand: Term, carry: Carry) -> Term:
    """The operand with its layers all in statements."""
    return carry.settle(operand) if isinstance(operand, (Tensor, Tensors)) else operand


def lent(operand: Term) -> Term:
    """The operand where others will read it too."""
    if isinstance(operand, Items):
        return replace(operand, items=tuple(map(lent, operand.items)))
    return replace(operand, temps=NOTHING) if isinstance(operand, (Tensor, Tensors)) else operand


def returned(term: Term, temps: frozenset[str]) -> Term:
    """The term that is the last to read these temporaries."""
    if isinstance(term, (Tensor, Tensors)):
        return replace(term, temps=term.temps | temps)
    if isinstance(term, Items) and term.items:
        return replace(term, items=(returned(term.items[0], temps), *term.items[1:]))
    return term
