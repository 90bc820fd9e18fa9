"""Owns which names stand in reach of each body, and the pass over all of them before anything is evaluated. It reports
unknown names, operators and blocks, and arguments that a call does not take, also in blocks that nothing calls and in
branches that are not taken. How an expression is read is in `name_visitor.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from netwright.compiler.passes.name_visitor import NameVisitor
from netwright.compiler.scope import Module
from netwright.compiler.session import Session
from netwright.dsl import tree
from netwright.dsl.names import FIGURES
from netwright.dsl.nesting import operands

#: what `checks` call the outputs of a model that names none: `output`, or `output_0`, `output_1`, ...
OUTPUTS = ("output", *(f"output_{index}" for index in range(100)))


def check_names(session: Session, modules: Sequence[Module]) -> None:
    """Report the unknown names of the main spec, which is the first, and of the blocks and params of those it uses."""
    for module in modules:
        check = _NameCheck(session, module)
        check.params()
        for extern in module.spec.externs:
            check.extern(extern)
        for block in module.spec.blocks:
            check.block(block)
    _NameCheck(session, modules[0]).model()


class _NameCheck:
    """Leads one visitor through the sections of a spec."""

    def __init__(self, session: Session, module: Module) -> None:
        self.spec = module.spec
        self.visitor = NameVisitor(session, module)
        self.common = {entry.name for entry in (*self.spec.params, *self.spec.layers)}

    def params(self) -> None:
        """The params and the presets' values of them; each sees those above it."""
        visitor = self.visitor
        visitor.later = {entry.name: entry.span for entry in self.spec.params}
        presets: dict[str, list[tree.Expr]] = {}
        for value in (value for preset in self.spec.presets for value in preset.values):
            presets.setdefault(value.name, []).append(value.value)
        for entry in self.spec.params:
            visitor.visit_all((entry.value, *presets.get(entry.name, ())))
            visitor.bound.add(entry.name)

    def block(self, block: tree.Block) -> None:
        """A block: its defaults see the parameters before them, its body all of its header."""
        visitor = self.visitor
        visitor.bound = set(self.common)
        visitor.function = block if block.is_function else None
        self._header(block)
        self._body(block.body)
        visitor.function = None

    def extern(self, extern: tree.Extern) -> None:
        """An extern: what it says of its results, weights and cost sees all of its header."""
        self.visitor.bound = set(self.common)
        self._header(extern)
        self.visitor.visit_all(dim for result in extern.results for dim in result.dims)
        counts = (extern.params, extern.non_trainable_params, extern.macs)
        self.visitor.visit_all(expr for expr in counts if expr is not None)

    def _header(self, header: tree.Block | tree.Extern) -> None:
        for parameter in header.parameters:
            if parameter.default is not None:
                self.visitor.visit(parameter.default)
            self.visitor.bound.add(parameter.name)
        self.visitor.bound.update(target.name for target in header.operands)
        self._dims(header.operands)

    def model(self) -> None:
        """Inputs, shared layers, model and checks of the main spec."""
        visitor = self.visitor
        visitor.bound = {entry.name for entry in self.spec.params}
        for dim in (dim for tensor in self.spec.inputs for dim in tensor.type.dims):
            visitor.bound.update(arithmetic_names(dim))
            visitor.visit(dim)
        visitor.bound.update(tensor.name for tensor in self.spec.inputs)
        visitor.later = {entry.name: entry.span for entry in self.spec.layers}
        for entry in self.spec.layers:
            visitor.visit(entry.value, True)
            visitor.bound.add(entry.name)
        if self.spec.model is not None:
            self._body(self.spec.model)
        self._checks()

    def _checks(self) -> None:
        outputs = [output.name for output in self.spec.outputs] or OUTPUTS
        self.visitor.bound.update(FIGURES - {"output"}, outputs)
        self.visitor.visit_all(check.condition for check in self.spec.checks)

    def _body(self, body: tree.Body) -> None:
        visitor = self.visitor
        visitor.later = {target.name: target.span for binding in body.bindings for target in binding.targets}
        for binding in body.bindings:
            visitor.visit(binding.value)
            visitor.bound.update(target.name for target in binding.targets)
            self._dims(binding.targets)
        if body.result is not None:
            visitor.visit(body.result)
        visitor.later = {}

    def _dims(self, targets: Iterable[tree.Target]) -> None:
        """Names in shape patterns that nothing binds are bound by them."""
        for dim in (dim for target in targets for dim in target.dims or ()):
            if isinstance(dim, tree.Name):
                self.visitor.bound.add(dim.id)
            else:
                self.visitor.visit(dim)


def arithmetic_names(expr: tree.Expr) -> Iterator[str]:
    """The names in the arithmetic of a dim: what no param gives is a symbol."""
    if isinstance(expr, tree.Name):
        yield expr.id
    elif isinstance(expr, tree.Binary):
        for operand in operands(expr):
            yield from arithmetic_names(operand)
    elif isinstance(expr, tree.Unary):
        yield from arithmetic_names(expr.operand)
