"""Owns subscripts: `shape[-1]` and `list[1:]` at compile time, and static slicing of tensors `x[:, 0]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwright.compiler.ir import Value
from netwright.compiler.values import kind_of
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator


def index_sequence(evaluator: Evaluator, expr: tree.Subscript, base: Any) -> Any:
    """An item or a slice of a list."""
    session = evaluator.session
    if not isinstance(base, tuple):
        session.fail("wrong-kind", f"{kind_of(base)} has no items", expr.base.span)
    if len(expr.indices) != 1:
        session.fail("index-out-of-range", "a list takes one index", expr.span)
    index = _index(evaluator, expr.indices[0])
    if isinstance(index, tuple):
        return base[slice(*index)]
    if not isinstance(index, int) or isinstance(index, bool):
        session.fail("wrong-kind", f"an index is an integer, found {kind_of(index)}", expr.indices[0].span)
    if not -len(base) <= index < len(base):
        message = f"index {index} is outside a list of {len(base)} item{'' if len(base) == 1 else 's'}"
        session.fail("index-out-of-range", message, expr.indices[0].span)
    return base[index]


def index_tensor(evaluator: Evaluator, expr: tree.Subscript, base: Value) -> Any:
    """A static slice of a tensor, by the operator `ops.get_item`. Slices are (start, stop, step)."""
    indices = tuple(_index(evaluator, index) for index in expr.indices)
    return evaluator.application.function("ops.get_item", (base,), expr.span, values={"indices": indices})


def _index(evaluator: Evaluator, expr: tree.Expr) -> Any:
    if isinstance(expr, tree.Slice):
        return tuple(None if part is None else evaluator.evaluate(part) for part in (expr.start, expr.stop, expr.step))
    if isinstance(expr, tree.Ellipsis_):
        return "..."
    return evaluator.evaluate(expr)
