"""Owns what may be bound: turns the expression that stands before a `=` into a Target, or says why it cannot
be one. Knows nothing of what names are already taken."""

from __future__ import annotations

from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.names import name_fault
from netwright.dsl.tree import Expr, Target

_UNBINDABLE: dict[type[Expr], tuple[str, str]] = {
    tree.Call: ("a call", "blocks are written under `blocks`; here, bind a name: y = ..."),
    tree.Attribute: ("an attribute", "attributes can be read and not set; bind a name of its own: y = ..."),
    tree.Chain: ("a chain", "the name comes first: y = x -> f"),
    tree.Sequence: ("a list or tuple", "several names stand bare: h, c = ..."),
    tree.Comparison: ("a comparison", "one `=` binds a name: y = ..."),
    tree.Subscript: ("an element", "only a name has a shape to check: y[N, C] = ..."),
}
_VALUE = ("a value", "the name comes first: y = ...; `==` compares")


def as_target(expression: Expr, faults: list[Diagnostic]) -> Target:
    """The target that an expression spells. What is none is put among `faults`, and stands for `_`."""
    match expression:
        case tree.Name(span, name):
            return Target(span, name)
        case tree.Subscript(span, tree.Name(_, name), dims):
            return Target(span, name, as_dims(dims, faults))
    faults.append(_unbindable(expression))
    return Target(expression.span, "_")


def as_dims(indices: tuple[Expr, ...], faults: list[Diagnostic]) -> tuple[Expr, ...]:
    """The entries of a shape pattern."""
    faults += [_slice(index) for index in indices if isinstance(index, tree.Slice)]
    return indices


def _unbindable(expression: Expr) -> Diagnostic:
    if isinstance(expression, tree.Literal) and expression.span.text.isalpha():
        return name_fault(expression.span.text, expression.span)
    what, help = _UNBINDABLE.get(type(expression), _VALUE)
    return Diagnostic("flow-syntax", f"{what} cannot be bound, only a name can", expression.span, help=help)


def _slice(index: tree.Slice) -> Diagnostic:
    return Diagnostic("flow-syntax", "a slice stands for no dim", index.span, help="write a dim, or `_` for any")
