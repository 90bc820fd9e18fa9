"""Owns what stands inside what in the tree, and how deep. A tree within the bound can be walked by a function
that calls itself, as long as sums are walked down the left side in a loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.source import Span
from netwright.dsl.tree import Expr

DEEPEST = 200


def operands(node: tree.Binary) -> Iterator[Expr]:
    """`a`, `b`, `c` of `a + b + c`: however long a sum is, it is one level deep."""
    left: Expr = node
    while isinstance(left, tree.Binary):
        yield left.right
        left = left.left
    yield left


def _present(*nodes: Expr | None) -> Iterable[Expr]:
    return (node for node in nodes if node is not None)


def _dims(targets: Iterable[tree.Target]) -> Iterable[Expr]:
    return (dim for target in targets for dim in target.dims or ())


_CHILDREN: dict[type[Any], Callable[[Any], Iterable[Expr]]] = {
    tree.Attribute: lambda node: (node.base,),
    tree.Call: lambda node: (node.function, *(argument.value for argument in node.arguments)),
    tree.Slice: lambda node: _present(node.start, node.stop, node.step),
    tree.Subscript: lambda node: (node.base, *node.indices),
    tree.Unary: lambda node: (node.operand,),
    tree.Binary: operands,
    tree.Comparison: lambda node: (node.first, *(operand for _, _, operand in node.rest)),
    tree.Logical: lambda node: node.operands,
    tree.Conditional: lambda node: (node.then, node.condition, node.otherwise),
    tree.Sequence: lambda node: node.items,
    tree.Loop: lambda node: (node.body, *node.targets, *_present(node.iterable, node.condition)),
    tree.Fork: lambda node: node.branches,
    tree.Chain: lambda node: node.stages,
    tree.Shared: lambda node: (node.layer,),
    tree.Binding: lambda node: (node.value, *_dims(node.targets)),
    tree.Header: lambda node: (*_dims(node.operands), *_present(*(parameter.default for parameter in node.parameters))),
    tree.ExternHeader: lambda node: (
        *_dims(node.operands),
        *_present(*(parameter.default for parameter in node.parameters)),
        *(dim for result in node.results for dim in result.dims),
    ),
    tree.TypeExpr: lambda node: node.dims,
}


def children(node: Any) -> Iterable[Expr]:
    """The expressions directly inside an expression of flow, a binding, a header or a type; those of a sum all at
    once."""
    inside = _CHILDREN.get(type(node))
    return inside(node) if inside else ()


def too_deep(root: Any) -> Diagnostic | None:
    """A diagnostic at the first node that is deeper inside `root` than DEEPEST, if there is one."""
    level = [root]
    for _ in range(DEEPEST):
        level = [child for node in level for child in children(node)]
        if not level:
            return None
    return nested_too_deep(level[0].span)


def nested_too_deep(span: Span) -> Diagnostic:
    help = "bind the inner part to a name on a line of its own"
    return Diagnostic("too-deep", f"nested deeper than {DEEPEST} levels", span, help=help)
