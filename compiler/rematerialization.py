"""Owns which nodes of a graph a training step keeps the operands of alone, to compute the rest again in the backward
pass."""

from __future__ import annotations

from collections.abc import Mapping

from netwright.compiler.ir import BodyNode, CallNode, RepeatNode

#: what `remat` says -> the nodes that it is about: calls of blocks, copies of repeats
REMATERIALIZED: Mapping[str, tuple[type[BodyNode], ...]] = {
    "none": (),
    "repeat": (RepeatNode,),
    "block": (CallNode, RepeatNode),
}
