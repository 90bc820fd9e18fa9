"""Owns which array is which variable: the arrays that an operator takes, paired with the variables of its Keras
layer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from netwright.compiler.externs import ExternLayer
from netwright.compiler.ir import OpNode
from netwright.compiler.ops.op import Weight
from netwright.dsl.diagnostics import CompilerBug

#: how Keras names a variable that its layer does not, by the number of all there are
_NUMBERED = re.compile(r"^variable_\d+$")


class Slot(NamedTuple):
    """An array that a leaf takes. `weight` is none for what Keras keeps beside weights: seeds and the states of layers
    that remember; `variable` is Keras's own of that name, whose value is never read after `init`."""

    name: str
    trainable: bool
    weight: Weight | None
    variable: Any


def match_slots(node: OpNode, layer: Any) -> tuple[Slot, ...]:
    """Slots for all variables of the layer: those of the operator's weights, then what Keras keeps beside them."""
    slots = match_weights(node, layer)
    taken = {id(slot.variable) for slot in slots}
    rest = [variable for variable in layer.variables if id(variable) not in taken]
    forgotten = [variable.path for variable in rest if variable.trainable]
    if forgotten:
        raise CompilerBug(f"{node.op.name_in_flow} does not declare what Keras creates: {', '.join(forgotten)}")
    return _unique([*slots, *(Slot(variable.name, False, None, variable) for variable in rest)])


def match_weights(node: OpNode, layer: Any) -> tuple[Slot, ...]:
    """The operator's weights paired with the variables of a Keras layer: those of one name in order of creation. An
    extern has those that it has."""
    if isinstance(node.op, ExternLayer):
        return _unique([_own_slot(variable) for variable in layer.weights])
    named: dict[str, list[Any]] = {}
    for variable in layer.weights:
        named.setdefault(variable.name, []).append(variable)
    return _unique([_slot(node, weight, named.get(weight.name.rpartition("/")[2], [])) for weight in node.weights()])


def _slot(node: OpNode, weight: Weight, candidates: list[Any]) -> Slot:
    if not candidates or tuple(candidates[0].shape) != weight.shape:
        found = f"shape {tuple(candidates[0].shape)}" if candidates else "none of that name"
        raise CompilerBug(f"weight {weight.name} {weight.shape} of {node.op}: Keras has {found}")
    return Slot(weight.name, weight.trainable, weight, candidates.pop(0))


def _own_slot(variable: Any) -> Slot:
    name = _NUMBERED.sub("variable", variable.name)
    weight = Weight(name, tuple(variable.shape), None, variable.trainable)
    return Slot(name, variable.trainable, weight, variable)


def _unique(slots: Sequence[Slot]) -> tuple[Slot, ...]:
    """The slots with names that differ: kernel, kernel_1."""
    seen: dict[str, int] = {}
    found = []
    for slot in slots:
        count = seen[slot.name] = seen.get(slot.name, -1) + 1
        found.append(slot._replace(name=f"{slot.name}_{count}") if count else slot)
    return tuple(found)
