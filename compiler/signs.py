"""Owns what operator signs do to tensors: each stands for a function of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwright.compiler.application import function_layer
from netwright.compiler.ir import Value
from netwright.compiler.ops.op import OpError
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label

if TYPE_CHECKING:
    from netwright.compiler.application import Application

BINARY = {
    "+": "ops.add",
    "-": "ops.subtract",
    "*": "ops.multiply",
    "/": "ops.divide",
    "//": "ops.floor_divide",
    "%": "ops.mod",
    "**": "ops.power",
    "@": "ops.matmul",
}
COMPARISON = {
    "==": "ops.equal",
    "!=": "ops.not_equal",
    "<": "ops.less",
    "<=": "ops.less_equal",
    ">": "ops.greater",
    ">=": "ops.greater_equal",
}


def binary(application: Application, expr: tree.Binary, left: Any, right: Any) -> Any:
    """`left sign right` where one side is a tensor."""
    place = expr.operator_span
    what = f"the two sides of '{expr.operator}'"
    operands = application.operands((left, right), place, place, scalars=True)
    try:
        made = application.add(function_layer(BINARY[expr.operator], {}), operands, place)
    except OpError as error:
        labels = _sides(expr, operands)
        application.session.fail(error.code, f"{what}: {error.message}", place, labels=labels, help=error.help)
    application.session.tell_suppositions(what, place, lambda: _sides(expr, operands))
    return made


def comparison(application: Application, expr: tree.Comparison, left: Any, right: Any) -> Any:
    """`left sign right`, elementwise, where one side is a tensor."""
    sign, place, _ = expr.rest[0]
    if sign not in COMPARISON:
        application.session.fail("wrong-kind", f"'{sign}' does not take tensors", place)
    return application.function(COMPARISON[sign], (left, right), expr.span)


def _sides(expr: tree.Binary, operands: tuple[Value, ...]) -> tuple[Label, ...]:
    """What the tensors at the two sides are."""
    pairs = zip((expr.left, expr.right), operands, strict=True)
    return tuple(Label(side.span, f"this is {value.type}") for side, value in pairs if value.constant is None)
