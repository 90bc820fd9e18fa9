"""Owns calls of blocks: a Python function of the block's operands, its arguments, and what it reads of the main
spec."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netwright.backends.keras.as_function import as_function
from netwright.backends.keras.layers_operator import made, tied_operand
from netwright.backends.keras.scope import Carry
from netwright.backends.keras.syntax import Atom, Call, Code
from netwright.backends.keras.terms import (
    BlockArgument,
    Layer,
    Plain,
    Tensor,
    Tensors,
    Term,
    is_unknown,
    operand_codes,
    temps_of,
)
from netwright.compiler.scope import Module
from netwright.dsl import tree
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.functions import PythonFunction
    from netwright.backends.keras.translator import Translator


@dataclass(frozen=True, slots=True)
class BlockLayer(Layer):
    """A block with its arguments."""

    module: Module
    block: tree.Block
    arguments: tuple[BlockArgument, ...]
    place: Span

    def operands(self) -> int:
        return len(self.block.operands)

    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        operand = tied_operand(to, operand, place)
        function = to.emission.functions.of(self.module, self.block, self.arguments)
        positional, keywords = _arguments(to, function, self.arguments, place)
        code = Call(Atom(function.name), operand_codes(operand) + positional, keywords)
        result = made(to, code, temps_of([operand]), place)
        count = to.emission.evidence.results(self.block)
        return result if count is None else Tensors(code, count, applied=True, temps=result.temps)

    def function(self, to: Translator) -> Code:
        function = to.emission.functions.of(self.module, self.block, self.arguments)
        bare = not self.arguments and not function.lifted
        return Atom(function.name) if bare else as_function(to, self, self.place)


def call_function(
    to: Translator, module: Module, block: tree.Block, arguments: tuple[BlockArgument, ...], place: Span
) -> Term:
    """The value of a function of values: a call of a Python function, or its value itself where that is a layer."""
    function = to.emission.functions.of(module, block, arguments)
    if function.is_inline:
        return to.emission.functions.inline(to, module, block, arguments)
    positional, keywords = _arguments(to, function, arguments, place)
    code = Call(Atom(function.name), positional, keywords)
    result = function.result
    if not isinstance(result, (Tensor, Tensors)):
        return Plain(code)
    temps = temps_of(argument.term for argument in arguments)
    if is_unknown(code):
        operands = tuple(each.term.code for each in arguments if isinstance(each.term, (Tensor, Tensors)))
        return to.run_time(code, operands, temps, place)
    return replace(result, code=code, applied=not result.eager, temps=temps)


def _arguments(
    to: Translator, function: PythonFunction, arguments: tuple[BlockArgument, ...], place: Span
) -> tuple[tuple[Code, ...], tuple[tuple[str, Code], ...]]:
    """The arguments in Python, and what the function reads of the main spec."""
    positional = tuple(to.code(each.term, each.place) for each in arguments if each.name is None)
    keywords = [(function.parameters[each.name], to.code(each.term, each.place)) for each in arguments if each.name]
    keywords += [(variable, to.code(to.params[name], place)) for name, variable in function.lifted.items()]
    return positional, tuple(keywords)
