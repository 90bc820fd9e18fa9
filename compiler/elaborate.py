"""Owns the way from a spec to its typed graph: params and presets, inputs, shared layers, model, outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from netwright.compiler.application import MAX_DIM
from netwright.compiler.dims import Dim, SymbolicDim, symbol
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph, Value
from netwright.compiler.modules import load_modules
from netwright.compiler.passes import PIPELINE
from netwright.compiler.passes.check_names import arithmetic_names
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.types import TensorType
from netwright.compiler.values import Layer, SharedLayer, kind_of
from netwright.dsl import tree
from netwright.dsl.diagnostics import CompilerBug, Label
from netwright.dsl.records import entity
from netwright.dsl.suggest import did_you_mean

_FREE_SIZE = "a size that is not known in advance is a name of your own: N"
#: Python frames that MAX_CALLS nested blocks may take; frames of Python functions do not use the C stack
RECURSION_LIMIT = 20_000


@entity
class Elaborated:
    """A spec's typed graph and what its names stand for. `graph` is None for a spec without a model (a library)."""

    session: Session
    main: Module
    modules: list[Module]
    env: Env
    graph: Graph | None
    inputs: dict[str, Value]
    outputs: dict[str, Value]


def elaborate(
    spec: tree.Spec, *, params: Mapping[str, Any] | None = None, preset: str | None = None, root: Path | None = None
) -> Elaborated:
    """Lay out the model of a spec. `params` replaces defaults (and sizes of symbolic dims by name). Raises SpecError
    with every independent fault."""
    session = Session()
    found: Elaborated | None = None
    with deep_recursion(session):
        modules = load_modules(spec, root, session.diagnostics)
        session.diagnostics.raise_errors()
        for run in PIPELINE:
            run(session, modules)
        found = _Elaboration(session, modules).run(dict(params or {}), preset)
    session.diagnostics.raise_errors()
    if found is None:
        raise CompilerBug("nothing was elaborated, and nothing was wrong")
    return found


class _Elaboration:
    def __init__(self, session: Session, modules: list[Module]) -> None:
        self.session = session
        self.modules = modules
        self.main = modules[0]
        self.spec = self.main.spec
        self.graph = Graph(self.spec.name)
        self.env = Env(self.main)
        self.evaluator = Evaluator(session, self.env, self.graph)

    def run(self, params: dict[str, Any], preset: str | None) -> Elaborated:
        sizes = self._set_params(params, preset)
        for module in self.modules[1:]:
            _evaluate_params(self.session, module, {entry.name: entry.value for entry in module.spec.params}, {})
        inputs = self._inputs(sizes)
        self._layers()
        outputs = self._outputs()
        graph = None if self.spec.model is None else self.graph
        return Elaborated(self.session, self.main, self.modules, self.env, graph, inputs, outputs)

    # ------------------------------------------------------------ params

    def _set_params(self, params: dict[str, Any], preset: str | None) -> dict[str, int]:
        """Evaluate the params; what `params` says of symbolic dims is left over and returned."""
        exprs = {entry.name: entry.value for entry in self.spec.params}
        self._check_presets()
        for entry in self._preset(preset):
            exprs[entry.name] = entry.value
        symbols = _symbol_names(self.spec, exprs)
        given = {name: _from_python(value) for name, value in params.items()}
        for name in [name for name in given if name not in exprs and name not in symbols]:
            known = [*exprs, *sorted(symbols)]
            help = did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else "it has none")
            self.session.report("unknown-param", f"the spec has no param '{name}'", None, help=help)
        for name in [name for name in exprs if name in given and not self._has_kind(name, given[name])]:
            del given[name]  # the default stands in, so that nothing more is said
        _evaluate_params(self.session, self.main, exprs, given)
        return {name: self._size(name, given[name]) for name in symbols & given.keys()}

    def _preset(self, name: str | None) -> tuple[tree.Entry, ...]:
        if name is None:
            return ()
        known = {preset.name: preset for preset in self.spec.presets}
        if name not in known:
            help = did_you_mean(name, known) or (f"it has {', '.join(known)}" if known else "it has none")
            self.session.report("unknown-preset", f"the spec has no preset '{name}'", None, help=help)
            return ()
        return known[name].values

    def _check_presets(self) -> None:
        """Every preset gives its params values of their kind."""
        defaults = {entry.name: entry for entry in self.spec.params}
        for preset in self.spec.presets:
            for entry in preset.values:
                given = entry.value.value if isinstance(entry.value, tree.Literal) else None
                wanted = _other_kind(defaults[entry.name], given)
                if wanted is not None:
                    message = f"param '{entry.name}' is {wanted}, '{preset.name}' sets it to {kind_of(given)}"
                    labels = (Label(defaults[entry.name].value.span, "its default"),)
                    self.session.report("invalid-argument", message, entry.value.span, labels=labels)

    def _has_kind(self, name: str, value: Any) -> bool:
        entry = next(entry for entry in self.spec.params if entry.name == name)
        wanted = _other_kind(entry, value)
        if wanted is None:
            return True
        message = f"param '{name}' is {wanted}, it was set to {kind_of(value)}"
        self.session.report("invalid-argument", message, entry.value.span, label="its default")
        return False

    def _size(self, name: str, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.session.report(
            "invalid-argument", f"dim '{name}' was set to {kind_of(value)}, not a positive integer", None
        )
        return 1

    # ------------------------------------------------------------ inputs and layers

    def _inputs(self, sizes: dict[str, int]) -> dict[str, Value]:
        inputs: dict[str, Value] = {}
        for declared in self.spec.inputs:
            try:
                value = self.graph.add_input(self._type(declared.type, sizes), declared.name)
            except Poisoned:
                self.env.names[declared.name] = POISON
                continue
            inputs[declared.name] = self.env.names[declared.name] = value
            self.env.places[declared.name] = declared.span
        return inputs

    def _type(self, type: tree.TypeExpr, sizes: dict[str, int]) -> TensorType:
        dims: list[Dim] = []
        for expr in type.dims:
            for name in arithmetic_names(expr):
                if name not in self.main.params and name not in self.env.names:
                    self.env.names[name] = sizes.get(name, symbol(name))
                    self.env.places[name] = expr.span
            dims.append(self._dim(expr))
        return TensorType(type.dtype, dims)

    def _dim(self, expr: tree.Expr) -> Dim:
        value = self.evaluator.evaluate(expr)
        if isinstance(value, SymbolicDim):
            return value
        if not isinstance(value, int) or isinstance(value, bool):
            help = _FREE_SIZE if value is None else None
            message = f"a dim is an integer or a symbol, found {kind_of(value)}"
            self.session.fail("wrong-kind", message, expr.span, help=help)
        if value <= 0:
            help = _FREE_SIZE if value == -1 else None
            self.session.fail("impossible-size", f"a dim is at least 1, found {value}", expr.span, help=help)
        if value > MAX_DIM:
            self.session.fail("model-too-large", f"a dim of {value:,} is larger than 64 bits hold", expr.span)
        return value

    def _layers(self) -> None:
        for entry in self.spec.layers:
            self.main.layers[entry.name] = POISON
            with suppress(Poisoned):
                layer = self.evaluator.evaluate(entry.value, stage=True)
                if not isinstance(layer, Layer):
                    applied = isinstance(entry.value, tree.Chain) and isinstance(layer, Value)
                    help = "leave out what flows into it: a shared layer is `f` or `f -> g`" if applied else None
                    message = f"'{entry.name}' is {kind_of(layer)}, not a layer"
                    self.session.fail("not-a-layer", message, entry.value.span, help=help)
                self.main.layers[entry.name] = SharedLayer(self.graph.declare(entry.name, entry.span), layer)

    # ------------------------------------------------------------ outputs

    def _outputs(self) -> dict[str, Value]:
        if self.spec.model is None:
            return {}
        outputs: dict[str, Value] = {}
        result: Any = POISON
        with suppress(Poisoned):
            result = self.evaluator.body(self.spec.model)
        with suppress(Poisoned):
            if self.spec.outputs:
                outputs = self._named_outputs()
            elif result is not POISON:
                outputs = self._result_outputs(result)
        self.graph.outputs = tuple(outputs.values())
        return outputs

    def _named_outputs(self) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for output in self.spec.outputs:
            value = self.env.names.get(output.name)
            if isinstance(value, Value):
                found[output.name] = value
            elif value is not POISON:
                self._refuse_output(output, value)
        return found

    def _refuse_output(self, output: tree.OutputName, value: Any) -> None:
        if value is not None:
            help = "take its tensors apart: a, b = ..." if isinstance(value, tuple) else None
            message = f"an output is a tensor, '{output.name}' is {kind_of(value)}"
            self.session.report("not-a-tensor", message, output.span, help=help)
            return
        known = [name for name, item in self.env.names.items() if isinstance(item, Value)]
        help = did_you_mean(output.name, known) or f"bind it in the model: {output.name} = ..."
        self.session.report("unknown-name", f"the model binds no tensor '{output.name}'", output.span, help=help)

    def _result_outputs(self, result: Any) -> dict[str, Value]:
        model = self.spec.model
        assert model is not None
        last = model.bindings[-1].targets[-1] if model.bindings else None
        if model.result is None and last is not None and self.env.names[last.name] is POISON:
            return {}
        span = model.result.span if model.result else last.span if last else model.span
        if isinstance(result, Value) and result.constant is None:
            return {"output": result}
        if isinstance(result, tuple) and result and all(isinstance(item, Value) for item in result):
            return {f"output_{index}": item for index, item in enumerate(result)}
        found = "a binding" if model.result is None else kind_of(result)
        help = "end the model with the output, or name the outputs under `outputs`"
        if isinstance(result, Layer):
            help = "apply it to an input: `input -> ...`"
        self.session.fail("not-a-tensor", f"the model ends in a tensor, found {found}", span, help=help)


def _evaluate_params(
    session: Session, module: Module, exprs: Mapping[str, tree.Expr], given: Mapping[str, Any]
) -> None:
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


def _symbol_names(spec: tree.Spec, params: Mapping[str, tree.Expr]) -> set[str]:
    """The names in the inputs' types that no param has."""
    dims = (expr for declared in spec.inputs for expr in declared.type.dims)
    return {name for expr in dims for name in arithmetic_names(expr)} - params.keys()


def _other_kind(entry: tree.Entry, value: Any) -> str | None:
    """The kind of a param's default, where a value is not of that kind; None and formulas are of any."""
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


@contextmanager
def deep_recursion(session: Session) -> Iterator[None]:
    """With room for nested calls of blocks. What needs more of it still is a fault of the spec."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION_LIMIT))
    try:
        yield
    except RecursionError:
        help = "bind parts of deep expressions to names; end a recursion earlier"
        message = "blocks call each other too deep inside expressions"
        session.report("endless-recursion", message, session.place, help=help)
    finally:
        sys.setrecursionlimit(before)
