"""Owns the values of params: defaults and formulas, presets, and what is set from outside, which may also be sizes of
symbolic dims. Knows nothing of what params are used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph
from netwright.compiler.passes.check_names import arithmetic_names
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.values import Layer, kind_of, show
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean


def set_params(session: Session, main: Module, params: Mapping[str, Any], preset: str | None) -> dict[str, int]:
    """Give the main spec's params their values; what `params` says of symbolic dims is left over and returned."""
    spec = main.spec
    exprs = {entry.name: entry.value for entry in spec.params}
    _check_presets(session, spec)
    exprs |= {entry.name: entry.value for entry in _preset(session, spec, preset)}
    symbols = _symbols(spec, exprs)
    given = {name: _from_python(value) for name, value in params.items()}
    for name in [name for name in given if name not in exprs and name not in symbols]:
        known = [*exprs, *sorted(symbols)]
        session.report("unknown-param", f"the spec has no param '{name}'", spec.span, help=_near(name, known))
    for name in [name for name in exprs if name in given and not _has_kind(session, spec, name, given[name])]:
        del given[name]  # the default stands in, so that nothing more is said
    evaluate_params(session, main, exprs, given)
    return {name: _size(session, name, symbols[name], given[name]) for name in symbols.keys() & given.keys()}


def evaluate_params(session: Session, module: Module, exprs: Mapping[str, tree.Expr], given: Mapping[str, Any]) -> None:
    """Fill `module.params`, each default seeing the params before it."""
    evaluator = Evaluator(session, Env(module), Graph(""))
    for name, expr in exprs.items():
        try:
            module.params[name] = given[name] if name in given else _data(session, expr, evaluator.evaluate(expr))
        except Poisoned:
            module.params[name] = POISON


def _data(session: Session, expr: tree.Expr, value: Any) -> Any:
    """The value of a param, which is plain data."""
    if not _is_data(value):
        help = "name it under `layers` or in a body" if isinstance(value, Layer) else None
        message = f"a param is a number, text, true, false, none or a list of these, found {kind_of(value)}"
        session.fail("wrong-kind", message, expr.span, help=help)
    return value


def _is_data(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_data, value))
    return value is None or isinstance(value, (bool, int, float, str))


# ---------------------------------------------------------------- presets


def _preset(session: Session, spec: tree.Spec, name: str | None) -> tuple[tree.Entry, ...]:
    """What the preset of that name sets."""
    known = {preset.name: preset.values for preset in spec.presets}
    if name is not None and name not in known:
        session.report("unknown-preset", f"the spec has no preset '{name}'", spec.span, help=_near(name, list(known)))
    return known.get(name or "", ())


def _check_presets(session: Session, spec: tree.Spec) -> None:
    """Every preset gives its params values of their kind."""
    defaults = {entry.name: entry for entry in spec.params}
    for preset in spec.presets:
        for entry in preset.values:
            given = entry.value.value if isinstance(entry.value, tree.Literal) else None
            wanted = _other_kind(defaults[entry.name], given)
            if wanted is not None:
                message = f"param '{entry.name}' is {wanted}, '{preset.name}' sets it to {kind_of(given)}"
                labels = (Label(defaults[entry.name].value.span, "its default"),)
                session.report("invalid-argument", message, entry.value.span, labels=labels)


# ---------------------------------------------------------------- from outside


def _has_kind(session: Session, spec: tree.Spec, name: str, value: Any) -> bool:
    entry = next(entry for entry in spec.params if entry.name == name)
    wanted = _other_kind(entry, value)
    if wanted is None:
        return True
    message = f"param '{name}' is {wanted}, it was set to {show(value)}"
    session.report("invalid-argument", message, entry.value.span, label="its default")
    return False


def _size(session: Session, name: str, span: Span, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    message = f"dim '{name}' was set to {show(value)}, not a positive integer"
    session.report("invalid-argument", message, span)
    return 1


def _symbols(spec: tree.Spec, params: Mapping[str, tree.Expr]) -> dict[str, Span]:
    """The names in the inputs' types that no param has, and the dim in which each stands first."""
    dims = (expr for declared in spec.inputs for expr in declared.type.dims)
    found = [(name, expr.span) for expr in dims for name in arithmetic_names(expr) if name not in params]
    return dict(reversed(found))


def _other_kind(entry: tree.Entry, value: Any) -> str | None:
    """The kind of a param's default, where a value is not of that kind; none and formulas are of any."""
    default = entry.value.value if isinstance(entry.value, tree.Literal) else None
    if default is None or value is None or _family(default) == _family(value):
        return None
    return kind_of(default)


def _family(value: Any) -> str:
    """Which values of a param may stand for each other."""
    return "a number" if isinstance(value, (int, float)) and not isinstance(value, bool) else kind_of(value)


def _from_python(value: Any) -> Any:
    """A Python value as flow has it: lists are tuples."""
    return tuple(map(_from_python, value)) if isinstance(value, (list, tuple)) else value


def _near(name: str, known: list[str]) -> str:
    return did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else "it has none")
