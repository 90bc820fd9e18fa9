"""Owns the dims in types and in shape patterns: `y[N, H // 2, C] = ...` checks those it knows and names those it does
not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from netwright.compiler.application import MAX_DIM
from netwright.compiler.arithmetic import same
from netwright.compiler.dims import Dim, SymbolicDim
from netwright.compiler.ir import Value
from netwright.compiler.scope import POISON
from netwright.compiler.values import kind_of
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.compiler.evaluate import Evaluator


_FREE_SIZE = "a size that is not known in advance is a name of your own: N"


def match_pattern(evaluator: Evaluator, target: tree.Target, value: Any) -> None:
    """Check the tensor's shape against the target's dims; free names become dims of this body."""
    session = evaluator.session
    if not isinstance(value, Value):
        session.fail("not-a-tensor", f"only a tensor has a shape, found {kind_of(value)}", target.span)
    for expr, dim in _aligned(evaluator, target, value):
        if isinstance(expr, tree.Name) and _is_free(evaluator, expr.id):
            if expr.id != "_":
                evaluator.env.names[expr.id] = dim
                evaluator.env.places[expr.id] = expr.span
            continue
        _check(evaluator, target, value, expr, dim)


def poison_pattern(evaluator: Evaluator, target: tree.Target) -> None:
    """Give the free names of a pattern that did not match a value that keeps what depends on them silent."""
    for expr in target.dims or ():
        if isinstance(expr, tree.Name) and expr.id != "_" and _is_free(evaluator, expr.id):
            evaluator.env.names[expr.id] = POISON


def _aligned(evaluator: Evaluator, target: tree.Target, value: Value) -> list[tuple[tree.Expr, Dim]]:
    """Each dim of the pattern with the dim it stands for; `...` stands for any number of dims."""
    exprs = target.dims or ()
    shape = value.type.shape
    gap = next((index for index, expr in enumerate(exprs) if isinstance(expr, tree.Ellipsis_)), None)
    if gap is None:
        if len(exprs) != len(shape):
            _refuse_rank(evaluator, target, value, str(len(exprs)))
        return list(zip(exprs, shape, strict=True))
    after = len(exprs) - gap - 1
    if len(exprs) - 1 > len(shape):
        _refuse_rank(evaluator, target, value, f"{len(exprs) - 1} or more")
    tail = list(zip(exprs[gap + 1 :], shape[len(shape) - after :], strict=True))
    return [*zip(exprs[:gap], shape[:gap], strict=True), *tail]


def _refuse_rank(evaluator: Evaluator, target: tree.Target, value: Value, wanted: str) -> None:
    message = f"the pattern of '{target.name}' has rank {wanted}, the tensor has rank {value.type.rank}"
    evaluator.session.fail("rank-mismatch", message, target.span, label=f"the tensor is {value.type}")


def _is_free(evaluator: Evaluator, name: str) -> bool:
    try:
        evaluator.env.find(name)
    except KeyError:
        return name == "_" or name not in evaluator.env.module.params
    return False


def _check(evaluator: Evaluator, target: tree.Target, value: Value, expr: tree.Expr, dim: Dim) -> None:
    wanted = evaluator.evaluate(expr)
    answer = same(wanted, dim)
    if answer is None:
        message = f"whether '{wanted}' equals '{dim}' cannot be decided"
        help = "give both sizes one name in the inputs' types, or leave this one open with `_`"
        evaluator.session.fail("undecidable", message, expr.span, label=f"the tensor is {value.type}", help=help)
    if not answer:
        message = f"the shape of '{target.name}' does not fit its pattern: expected {wanted}, found {dim}"
        evaluator.session.fail("shape-mismatch", message, expr.span, label=f"the tensor is {value.type}")


# ---------------------------------------------------------------- types


def dim_of(evaluator: Evaluator, expr: tree.Expr) -> Dim:
    """The dim that an expression in a type stands for."""
    session = evaluator.session
    value = evaluator.evaluate(expr)
    if isinstance(value, SymbolicDim):
        return value
    if not isinstance(value, int) or isinstance(value, bool):
        help = _FREE_SIZE if value is None else None
        message = f"a dim is an integer or a symbol, found {kind_of(value)}"
        session.fail("wrong-kind", message, expr.span, help=help)
    if value <= 0:
        help = _FREE_SIZE if value == -1 else None
        session.fail("impossible-size", f"a dim is at least 1, found {value}", expr.span, help=help)
    if value > MAX_DIM:
        session.fail("model-too-large", f"a dim of {value:,} is larger than 64 bits hold", expr.span)
    return value
