"""Owns subscripts: `shape[-1]` and `list[1:]` at compile time, and static slicing of tensors `x[:, 0]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwright.compiler.dims import SymbolicDim
from netwright.compiler.ir import Value
from netwright.compiler.ops.op import OpError
from netwright.compiler.ops.tensor_indexing import GetItem
from netwright.compiler.values import kind_of
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator

_WHOLE = (None, None, None)


def index_sequence(evaluator: Evaluator, expr: tree.Subscript, base: Any) -> Any:
    """An item or a slice of a list."""
    session = evaluator.session
    if not isinstance(base, tuple):
        session.fail("wrong-kind", f"{kind_of(base)} has no items", expr.base.span)
    if len(expr.indices) != 1:
        session.fail("index-out-of-range", "a list takes one index", expr.span)
    place = expr.indices[0]
    index = _index(evaluator, place)
    if isinstance(index, tuple):
        return _part(evaluator, place, base, index)
    if not isinstance(index, int):
        session.fail("wrong-kind", f"an index of a list is an integer, found {_kind(index)}", place.span)
    if not -len(base) <= index < len(base):
        message = f"index {index} is outside a list of {len(base)} item{'' if len(base) == 1 else 's'}"
        session.fail("index-out-of-range", message, place.span)
    return base[index]


def _part(evaluator: Evaluator, place: tree.Expr, base: tuple[Any, ...], bounds: tuple[Any, ...]) -> tuple[Any, ...]:
    for bound in bounds:
        if isinstance(bound, SymbolicDim):
            evaluator.session.fail("wrong-kind", f"the bounds of a list are integers, found {_kind(bound)}", place.span)
    if bounds[2] == 0:
        evaluator.session.fail("arithmetic", "the step of a slice is not 0", place.span)
    return base[slice(*bounds)]


def index_tensor(evaluator: Evaluator, expr: tree.Subscript, base: Value) -> Any:
    """A static slice of a tensor, by the operator `ops.get_item`. Slices are (start, stop, step)."""
    indices = tuple(_index(evaluator, index) for index in expr.indices)
    try:
        GetItem({"indices": indices}).infer(base.type)
    except OpError as error:
        span = expr.indices[_faulty(base, indices)].span
        labels = (Label(expr.base.span, f"this is {base.type}"),)
        evaluator.session.fail(error.code, error.message, span, labels=labels, help=error.help)
    return evaluator.application.function("ops.get_item", (base,), expr.span, values={"indices": indices})


def _faulty(base: Value, indices: tuple[Any, ...]) -> int:
    """Which of the indices is refused: the first that is refused alone, or else the last."""
    for at, index in enumerate(indices):
        alone = (*(item if item in (None, "...") else _WHOLE for item in indices[:at]), index)
        try:
            GetItem({"indices": alone}).infer(base.type)
        except OpError:
            return at
    return len(indices) - 1


def _index(evaluator: Evaluator, expr: tree.Expr) -> Any:
    """A dim, none for a new axis, "..." or the three bounds of a slice."""
    if isinstance(expr, tree.Ellipsis_):
        return "..."
    if not isinstance(expr, tree.Slice):
        return _bound(evaluator, expr)
    return tuple(None if part is None else _bound(evaluator, part) for part in (expr.start, expr.stop, expr.step))


def _bound(evaluator: Evaluator, expr: tree.Expr) -> Any:
    value = evaluator.evaluate(expr)
    if value is None or (isinstance(value, (int, SymbolicDim)) and not isinstance(value, bool)):
        return value
    help = "`take` picks by a tensor of indices: `(x, indices) -> take(axis=0)`" if isinstance(value, Value) else None
    message = f"between square brackets stand integers and slices, found {kind_of(value)}"
    evaluator.session.fail("wrong-kind", message, expr.span, help=help)


def _kind(index: Any) -> str:
    return "`...`" if index == "..." else kind_of(index)
