"""Owns the compiler as a whole: `compile`, and the `Model` it returns with figures, checks and the report that
`check --format json` prints. Imports no framework."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from netwright.compiler.analysis import Analysis, Cost, Parameters
from netwright.compiler.checks import CheckResult, run_checks
from netwright.compiler.dims import Dim, SymbolicDim, substitute
from netwright.compiler.elaborate import Elaborated, elaborate
from netwright.compiler.ir import Value
from netwright.compiler.layer_table import layer_rows
from netwright.compiler.types import TensorType
from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.document import read_spec, read_spec_text
from netwright.dsl.records import record
from netwright.dsl.render_formats import to_json as diagnostic_to_json
from netwright.dsl.tree import Spec

if TYPE_CHECKING:
    from netwright.compiler.memory import Memory
    from netwright.compiler.training.plan import Plan


@record
class Tensor:
    """An input or output: dtype ('f32') and shape, ints and strings for symbolic dims."""

    dtype: str
    shape: tuple[int | str, ...]

    @classmethod
    def of(cls, type: TensorType) -> Tensor:
        return cls(type.dtype, tuple(dim if isinstance(dim, int) else str(dim) for dim in type.shape))

    def to_json(self) -> dict[str, Any]:
        return {"dtype": self.dtype, "shape": list(self.shape)}

    def __str__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


def compile(spec: str | Path, *, params: Mapping[str, Any] | None = None, preset: str | None = None) -> Model:
    """Compile a spec: a path (a Path, or a string without a line end), or the spec's text.

    params: values in place of the params' defaults, and sizes of symbolic dims. preset: the name of a member of a
    family. Raises SpecError if the spec is wrong; checks that fail do not raise: see `Model.checks`."""
    if isinstance(spec, str) and "\n" in spec:
        tree, root = read_spec_text(spec), None
    else:
        path = Path(spec)
        tree, root = read_spec(path), path.parent
    return Model(tree, elaborate(tree, params=params, preset=preset, root=root))


class Model:
    """A compiled spec: its graph, figures and checks.

    params: Parameters with .total, .trainable, .non_trainable. inputs, outputs: name -> Tensor. macs, flops: of one
    example (batch symbols set to 1), an int, the text of a formula where sizes are symbolic, or None if unknown."""

    def __init__(self, spec: Spec, elaborated: Elaborated) -> None:
        self.spec = spec
        self.elaborated = elaborated
        self.name = spec.name
        self.preset = elaborated.preset
        self.analysis = Analysis()
        self.inputs = {name: Tensor.of(value.type) for name, value in elaborated.inputs.items()}
        self.outputs = {name: Tensor.of(value.type) for name, value in elaborated.outputs.items()}

    @cached_property
    def cost(self) -> Cost:
        """Parameters, MACs and FLOPs of the whole model, symbolic in the batch."""
        graph = self.elaborated.graph
        return Cost() if graph is None else self.analysis.of_graph(graph)

    @property
    def params(self) -> Parameters:
        return self.cost.parameters

    @property
    def macs(self) -> int | str | None:
        return _shown(self.for_one_example(self.cost.macs))

    @property
    def flops(self) -> int | str | None:
        return _shown(self.for_one_example(self.cost.flops))

    @property
    def errors(self) -> list[Diagnostic]:
        """What stands in the way of running it. Checks that fail do not: `--set` changes what they count."""
        return [each for each in self.diagnostics if each.severity == "error" and each.code != "check-failed"]

    @cached_property
    def batch_symbols(self) -> tuple[str, ...]:
        """The symbols that stand first in an input's shape."""
        first = (value.type.shape[0] for value in self.elaborated.inputs.values() if value.type.shape)
        return tuple(dict.fromkeys(str(dim) for dim in first if isinstance(dim, SymbolicDim)))

    def for_one_example(self, cost: Dim | None) -> Dim | None:
        """A cost with the batch symbols set to 1."""
        return None if cost is None else substitute(cost, dict.fromkeys(self.batch_symbols, 1))

    def memory(self, batch: int = 1, sizes: Mapping[str, int] | None = None, dtype: str | None = None) -> Memory:
        """What activations take at that batch; `sizes` of other symbolic dims, `dtype` in the place of f32."""
        from netwright.compiler.memory import Memory

        remat = "none" if self.plan is None else self.plan.remat
        return Memory({**dict.fromkeys(self.batch_symbols, batch), **(sizes or {})}, dtype, remat)

    def peak_memory(
        self,
        batch: int = 1,
        sizes: Mapping[str, int] | None = None,
        *,
        dtype: str | None = None,
        training: bool = False,
    ) -> int | None:
        """Bytes of activations alive at once at that batch; None where sizes are symbolic."""
        graph = self.elaborated.graph
        return None if graph is None else self.memory(batch, sizes, dtype).peak(graph, training=training)

    @cached_property
    def checks(self) -> list[CheckResult]:
        """The spec's checks, evaluated."""
        figures = {
            "params": self.params.total,
            "trainable_params": self.params.trainable,
            "non_trainable_params": self.params.non_trainable,
            "macs": self.for_one_example(self.cost.macs),
            "flops": self.for_one_example(self.cost.flops),
        }
        return run_checks(self.elaborated, figures)

    @cached_property
    def plan(self) -> Plan | None:
        """How the spec is trained; None where it does not say."""
        if self.spec.train is None:
            return None
        from netwright.compiler.training.plan import plan_training

        return plan_training(self.elaborated)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Warnings and failed checks."""
        _ = self.checks, self.plan
        return list(self.elaborated.session.diagnostics)

    @property
    def ok(self) -> bool:
        """Whether every check holds and the training is well said."""
        return not any(diagnostic.severity == "error" for diagnostic in self.diagnostics)

    def types_at_line(self, line: int) -> list[TensorType]:
        """The types of the tensors that expressions ending on this line of the main file came to, the last one last."""
        found: dict[TensorType, None] = {}
        for span, value in self.elaborated.session.seen:
            if span.source is self.spec.source and span.end_line == line:
                values = value if isinstance(value, tuple) else (value,)
                for type in (item.type for item in values if isinstance(item, Value)):
                    found.pop(type, None)
                    found[type] = None
        return list(found)

    def report(self) -> dict[str, Any]:
        """What `netwright check --format json` prints for this spec (see docs/json.md)."""
        return {
            "file": self.spec.source.name,
            "name": self.name,
            **({} if self.preset is None else {"preset": self.preset}),
            "ok": self.ok,
            **self.figures(),
            "layers": self._layers(),
            "checks": self.results(),
            "diagnostics": [diagnostic_to_json(diagnostic) for diagnostic in self.diagnostics],
        }

    def figures(self) -> dict[str, Any]:
        """Of `report`: counts, inputs and outputs."""
        return {
            "params": {
                "total": self.params.total,
                "trainable": self.params.trainable,
                "non_trainable": self.params.non_trainable,
            },
            "macs": self.macs,
            "flops": self.flops,
            "inputs": {name: tensor.to_json() for name, tensor in self.inputs.items()},
            "outputs": {name: tensor.to_json() for name, tensor in self.outputs.items()},
        }

    def results(self) -> list[dict[str, Any]]:
        """Of `report`: the checks."""
        return [{"text": check.text, "ok": check.ok, "found": check.found} for check in self.checks]

    def _layers(self) -> list[dict[str, Any]]:
        if self.elaborated.graph is None:
            return []
        return [
            {
                "path": row.path,
                "op": row.kind,
                "line": row.node.span.line,
                "outputs": [Tensor.of(type).to_json() for type in row.types],
                "params": row.cost.parameters.total,
                "trainable": row.cost.parameters.trainable,
                "macs": _shown(self.for_one_example(row.cost.macs)),
                **({} if row.steps == 1 else {"steps": _shown(row.steps)}),
            }
            for row in layer_rows(self.elaborated.graph, self.analysis)
        ]


def _shown(cost: Dim | None) -> int | str | None:
    """A cost as plain data: a symbolic one is its text."""
    return str(cost) if isinstance(cost, SymbolicDim) else cost
