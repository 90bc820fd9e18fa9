"""Owns what goes into and out of a part of a program that is computed again in the backward pass, as plain tensors:
masks and layers' losses too. How a function is computed again is an engine's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from netwright.backends.xla.masks import mask_of, put_mask

if TYPE_CHECKING:
    from netwright.backends.xla.engines.engine import Engine

Arrays = dict[str, Any]
#: (operands, arrays by path) -> (outputs, new state by path, what layers add to the loss)
Body = Callable[[Sequence[Any], Arrays], tuple[Sequence[Any], Arrays, Any]]


def computed_again(
    engine: Engine, body: Body, operands: Sequence[Any], arrays: Mapping[str, Any]
) -> tuple[Sequence[Any], Arrays, Any]:
    """What the body gives; of all that it computes, the backward pass has its operands and arrays alone."""
    given = _Row.of(operands, arrays)
    made: list[_Row] = []

    def function(*tensors: Any) -> list[Any]:
        outputs, state, losses = body(*given.apart(tensors))
        made.append(_Row.of([*outputs, losses], state))
        return made[-1].tensors

    tensors = engine.computed_again(function)(*given.tensors)
    (*outputs, losses), state = made[0].apart(tensors)
    return outputs, state, losses


class _Row(NamedTuple):
    """Values, the masks that Keras has left on some, and arrays by path, as tensors one after another."""

    tensors: list[Any]
    values: int
    masked: tuple[int, ...]
    paths: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[Any], arrays: Mapping[str, Any]) -> _Row:
        masks = {index: mask_of(value) for index, value in enumerate(values)}
        masks = {index: mask for index, mask in masks.items() if mask is not None}
        return cls([*values, *masks.values(), *arrays.values()], len(values), tuple(masks), tuple(arrays))

    def apart(self, tensors: Sequence[Any]) -> tuple[Sequence[Any], Arrays]:
        """The values and arrays that others stand for in the same order."""
        values, masks = tensors[: self.values], tensors[self.values :]
        for index, mask in zip(self.masked, masks, strict=False):
            put_mask(values[index], mask)
        return values, dict(zip(self.paths, masks[len(self.masked) :], strict=True))
