"""Owns what a loop of flow runs over in Python: the expression, the loop's variables, and what they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netwright.backends.keras.layers_called import FunctionLayer
from netwright.backends.keras.scope import names_in
from netwright.backends.keras.syntax import Atom, Call, Code, Display
from netwright.backends.keras.terms import Items, Layer, Plain, Tensor, Tensors, Term, Unknown, is_unknown
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.backends.keras.translator import Translator


class Rows:
    """The turns of one loop."""

    def __init__(self, to: Translator, loop: tree.Loop, items: Term) -> None:
        self._names = to.scope.names
        read = names_in((loop.body, loop.condition))
        self.variables = tuple(self._variable(target.id, read[target.id]) for target in loop.targets)
        columns = _columns(items, len(loop.targets))
        self.terms = {
            target.id: _held(variable, column)
            for target, variable, column in zip(loop.targets, self.variables, columns, strict=True)
        }
        self.code = _iterated(to.code(items, loop.iterable.span))

    def _variable(self, name: str, uses: int) -> str:
        return self._names.claim(name) if uses else "_"

    def release(self) -> None:
        """The variables are free for other loops."""
        for variable in self.variables:
            self._names.release(variable)


def _iterated(code: Code) -> Code:
    """What stands in `for ... in`: a range needs no tuple."""
    if isinstance(code, Call) and code.function == Atom("tuple") and len(code.positional) == 1:
        return code.positional[0]
    return code


def _columns(items: Term, count: int) -> list[list[Term]]:
    """For each variable, samples of what it runs through."""
    if isinstance(items, Items):
        rows = [_row(item, count) for item in items.items]
        return [[row[index] for row in rows] for index in range(count)]
    if isinstance(items, Tensors):
        return [[Tensor(items.code, eager=items.eager)] for _ in range(count)]
    return [[items] for _ in range(count)]


def _row(item: Term, count: int) -> tuple[Term, ...]:
    if count == 1:
        return (item,)
    if isinstance(item, Items):
        return item.items
    if isinstance(item, Plain) and isinstance(item.code, Display) and len(item.code.items) == count:
        return tuple(map(Plain, item.code.items))
    return (item,) * count


def _held(variable: str, samples: list[Term]) -> Term:
    """What a variable stands for that runs through terms like these."""
    code = Atom(variable)
    if any(isinstance(sample, Layer) for sample in samples):
        return FunctionLayer(code)
    tensors = [sample for sample in samples if isinstance(sample, (Tensor, Tensors))]
    if tensors:
        return Tensor(code, eager=all(tensor.eager for tensor in tensors))
    unknown = any(isinstance(sample, Plain) and is_unknown(sample.code) for sample in samples)
    return Plain(Unknown(variable) if unknown else code)
