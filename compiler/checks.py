"""Owns the checks that a spec makes of itself: expressions over its figures, outputs, dims and params."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from netwright.compiler.dims import SymbolicDim
from netwright.compiler.elaborate import Elaborated, deep_recursion
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph
from netwright.compiler.session import Poisoned
from netwright.compiler.values import show
from netwright.dsl import tree
from netwright.dsl.records import record


@record
class CheckResult:
    """One check: its text, whether it holds, and what its left side came to (None where it is no comparison)."""

    text: str
    ok: bool
    found: Any


def run_checks(elaborated: Elaborated, figures: dict[str, Any]) -> list[CheckResult]:
    """Evaluate the checks of every member and those of this one; a failed one becomes a diagnostic with what was found.
    `figures`: params, macs, ..."""
    env = elaborated.env.inner()
    env.names = {**figures, **elaborated.outputs}
    evaluator = Evaluator(elaborated.session, env, Graph("checks"))
    results: list[CheckResult] = []
    for check in elaborated.main.spec.checks:
        if check.preset is None or check.preset.id == elaborated.preset:
            with deep_recursion(elaborated.session):
                results.append(_run(evaluator, check))
    return results


def _run(evaluator: Evaluator, check: tree.Check) -> CheckResult:
    found: Any = None
    ok = False
    with suppress(Poisoned):
        condition = check.condition
        if isinstance(condition, tree.Comparison):
            found = evaluator.evaluate(condition.first)
        ok = evaluator.holds(condition)
        if not ok:
            label = f"found {show(found)}" if isinstance(condition, tree.Comparison) else "this is false"
            evaluator.session.report("check-failed", f"check failed: {check.text}", check.span, label=label)
    return CheckResult(check.text, ok, to_json(found))


def to_json(value: Any) -> Any:
    """Plain data: symbolic dims become text, tuples lists."""
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, SymbolicDim):
        return str(value)
    return value if isinstance(value, (bool, int, float, str, type(None))) else show(value)
