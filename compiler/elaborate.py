"""Owns the way from a spec to its typed graph: params and presets, inputs, shared layers, model, outputs."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from netwright.compiler.dims import Dim, symbol
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph, Value
from netwright.compiler.modules import ReadSpec, load_modules
from netwright.compiler.params import evaluate_params, set_params
from netwright.compiler.passes import PIPELINE
from netwright.compiler.passes.check_names import arithmetic_names
from netwright.compiler.patterns import dim_of
from netwright.compiler.scope import POISON, Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.types import TensorType
from netwright.compiler.values import Layer, SharedLayer, kind_of
from netwright.dsl import tree
from netwright.dsl.diagnostics import CompilerBug
from netwright.dsl.document import read_spec
from netwright.dsl.records import entity
from netwright.dsl.suggest import did_you_mean

#: Python frames that MAX_CALLS nested blocks may take; frames of Python functions do not use the C stack
RECURSION_LIMIT = 20_000


@entity
class Elaborated:
    """A spec's typed graph and what its names stand for. `graph` is None for a spec without a model (a library);
    `preset` is the member that it is, None for the default."""

    session: Session
    preset: str | None
    main: Module
    modules: list[Module]
    env: Env
    graph: Graph | None
    inputs: dict[str, Value]
    outputs: dict[str, Value]


def elaborate(
    spec: tree.Spec,
    *,
    params: Mapping[str, Any] | None = None,
    preset: str | None = None,
    root: Path | None = None,
    read: ReadSpec = read_spec,
) -> Elaborated:
    """Lay out the model of a spec. `params` replaces defaults (and sizes of symbolic dims by name). Raises SpecError
    with every independent fault."""
    session = Session()
    found: Elaborated | None = None
    with deep_recursion(session):
        modules = load_modules(spec, root, session.diagnostics, read)
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
        sizes = set_params(self.session, self.main, params, preset)
        for module in self.modules[1:]:
            evaluate_params(self.session, module, {entry.name: entry.value for entry in module.spec.params}, {})
        inputs = self._inputs(sizes)
        self._layers()
        outputs = self._outputs()
        graph = None if self.spec.model is None else self.graph
        return Elaborated(self.session, preset, self.main, self.modules, self.env, graph, inputs, outputs)

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
            dims.append(dim_of(self.evaluator, expr))
        return TensorType(type.dtype, dims)

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
        self.graph.finish(tuple(outputs.values()))
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
