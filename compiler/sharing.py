"""Owns the rule of shared layers: every application of an instance agrees in the weights that the first one made."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.compiler.ir import Instance, Node, OpNode, body_of
from netwright.compiler.ops.op import Weight
from netwright.compiler.session import Session
from netwright.dsl.diagnostics import Label


def check_same_weights(session: Session, instance: Instance, node: Node) -> None:
    """Refuse an application whose weights would have other shapes than those of the first."""
    if instance.first is None:
        instance.first = node
        return
    first, now = instance.first, node
    if body_of(first) is not None and body_of(first) is body_of(now):
        return
    for ours, theirs in zip(_shapes(now), _shapes(first), strict=True):
        if ours != theirs:
            name, shape = ours
            session.fail(
                "shape-mismatch",
                f"shared '{instance.name}' needs a {name} of shape {_text(shape)} here, it has {_text(theirs[1])}",
                now.span,
                labels=(Label(first.span, f"here it was built for {first.operands[0].type}"),),
                help="a shared layer is applied to tensors with the same number of features",
            )


def _shapes(node: Node) -> list[tuple[str, tuple[object, ...]]]:
    return [(weight.name, weight.shape) for weight in _weights(node)]


def _weights(node: Node) -> Iterator[Weight]:
    if isinstance(node, OpNode):
        yield from node.weights()
    body = body_of(node)
    for inner in body.nodes if body else ():
        yield from _weights(inner)


def _text(shape: tuple[object, ...]) -> str:
    return "(" + ", ".join(map(str, shape)) + ")"
