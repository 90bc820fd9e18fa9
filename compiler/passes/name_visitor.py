"""Owns how the names of an expression are read without evaluating it: where a layer is wanted, where a bare name may be
one of an attribute's own words, what a call takes. What a bound name stands for, and so what a call of it takes, is
left to `evaluate.py`. The tree is as deep as the parser allows, so methods may call themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from netwright.compiler.arguments import Signature, bind, block_signature, signature
from netwright.compiler.keras_modules import keras_module
from netwright.compiler.ops.attributes import Attribute
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import configuration_kind
from netwright.compiler.ops.declared import Declared
from netwright.compiler.scope import Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.unknown_names import (
    Unknown,
    bracketed_arguments,
    takes_words_alone,
    unknown_block,
    unknown_function,
    unknown_module,
    unknown_name,
    unknown_word,
)
from netwright.compiler.value_functions import VALUE_FUNCTIONS
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.nesting import operands
from netwright.dsl.source import Span

#: a layer of the spec's own
Own = tree.Block | tree.Extern


class NameVisitor:
    """`bound` holds the names of the body in hand, params and shared layers included; `later` those that it binds
    further down; `function` is the block in hand if it is a function of values."""

    def __init__(self, session: Session, module: Module) -> None:
        self.session = session
        self.module = module
        self.bound: set[str] = set()
        self.later: Mapping[str, Span] = {}
        self.function: tree.Block | None = None

    def visit(self, expr: tree.Expr, stage: bool = False) -> None:
        """Check an expression. `stage`: it stands where a layer is wanted."""
        handler = _HANDLERS.get(type(expr))
        if handler is not None:
            handler(self, expr, stage)

    def visit_all(self, exprs: Iterable[tree.Expr], stage: bool = False) -> None:
        """Check several expressions."""
        for expr in exprs:
            self.visit(expr, stage)

    def _name(self, expr: tree.Name, stage: bool) -> None:
        if not self._known(expr.id):
            self._refuse(expr, stage)

    def _known(self, name: str) -> bool:
        return name in self.bound or name in self.module.blocks or find_operator(name) is not None

    def _refuse(self, expr: tree.Name, stage: bool) -> None:
        unknown = unknown_name(expr.id, self.module, sorted(self.bound), stage=stage)
        labels: tuple[Label, ...] = ()
        if expr.id in self.later:
            labels = (Label(self.later[expr.id], "bound here"),)
            help = "names are bound from the top down: put this below"
            if self.later[expr.id].line < expr.span.line:  # inside its own binding
                help = "a line that begins with an operator goes on with the line above: put it in brackets"
            unknown = Unknown(unknown.code, f"'{expr.id}' is used before it is bound", help)
        self._report(unknown, expr.span, labels)

    def _report(self, unknown: Unknown, span: Span, labels: tuple[Label, ...] = ()) -> None:
        self.session.report(unknown.code, unknown.message, span, labels=labels, help=unknown.help)

    def _attribute(self, expr: tree.Attribute, stage: bool) -> None:
        self._qualified(expr)

    def _qualified(self, expr: tree.Attribute) -> Own | type[Declared] | None:
        """What `alias.block` or `ops.function` names; None where the base is neither or there is no such thing."""
        base = expr.base
        if isinstance(base, tree.Name) and base.id in self.module.uses:
            used = self.module.uses[base.id]
            if expr.name not in used.blocks:
                self._report(unknown_block(base.id, expr.name, used), expr.name_span)
            return used.blocks.get(expr.name)
        keras = keras_module(base)
        if keras is not None and keras[0].id not in self.bound:
            operator = find_operator(f"{keras[1]}.{expr.name}")
            if operator is None:
                self._report(unknown_function(keras[1], expr.name), expr.name_span)
            return operator
        self._base(expr)
        return None

    def _base(self, expr: tree.Attribute) -> None:
        root: tree.Expr = expr
        while isinstance(root, tree.Attribute):
            root = root.base
        if isinstance(root, tree.Name) and not self._known(root.id):
            unknown = unknown_module(root.id, expr.name)
            if unknown is not None:
                return self._report(unknown, root.span)
        self.visit(root)

    def _sequence(self, expr: tree.Sequence, stage: bool) -> None:
        self.visit_all(expr.items)

    def _unary(self, expr: tree.Unary, stage: bool) -> None:
        self.visit(expr.operand)

    def _binary(self, expr: tree.Binary, stage: bool) -> None:
        *others, first = operands(expr)
        self.visit(first, stage)
        self.visit_all(reversed(others))

    def _comparison(self, expr: tree.Comparison, stage: bool) -> None:
        self.visit(expr.first)
        self.visit_all(operand for _, _, operand in expr.rest)

    def _logical(self, expr: tree.Logical, stage: bool) -> None:
        self.visit_all(expr.operands)

    def _conditional(self, expr: tree.Conditional, stage: bool) -> None:
        self.visit(expr.condition)
        self.visit(expr.then, stage)
        self.visit(expr.otherwise, stage)

    def _subscript(self, expr: tree.Subscript, stage: bool) -> None:
        base = expr.base
        if isinstance(base, tree.Name) and base.id not in self.bound and self._known(base.id):
            self._report(bracketed_arguments(base.id, expr.indices), expr.span)
        self.visit(base)
        self.visit_all(expr.indices)

    def _slice(self, expr: tree.Slice, stage: bool) -> None:
        self.visit_all(part for part in (expr.start, expr.stop, expr.step) if part is not None)

    def _chain(self, expr: tree.Chain, stage: bool) -> None:
        head = expr.stages[0]
        if self.function is not None and isinstance(head, tree.Name) and not self._known(head.id):
            help = f"{self.function.name} is a function of values; a block is headed `{head.id} -> ...`"
            self._report(Unknown("unknown-name", f"no name '{head.id}' is known here", help), head.span)
        else:
            self.visit(head)
        self.visit_all(expr.stages[1:], True)

    def _fork(self, expr: tree.Fork, stage: bool) -> None:
        self.visit_all(expr.branches, True)

    def _shared(self, expr: tree.Shared, stage: bool) -> None:
        self.visit(expr.layer, True)

    def _loop(self, expr: tree.Loop, stage: bool) -> None:
        self.visit(expr.iterable)
        with self._inside({target.id for target in expr.targets}):
            self.visit(expr.body, expr.kind == "chain")
            if expr.condition is not None:
                self.visit(expr.condition)

    @contextmanager
    def _inside(self, names: set[str]) -> Iterator[None]:
        """With the names of a loop."""
        new = names - self.bound
        self.bound |= new
        yield
        self.bound -= new

    # ------------------------------------------------------------ calls

    def _call(self, expr: tree.Call, stage: bool) -> None:
        function = expr.function
        if isinstance(function, tree.Name):
            self._named_call(function, expr, stage)
        elif isinstance(function, tree.Attribute):
            self._arguments(self._qualified(function), expr)
        else:
            self.visit(function, True)
            self._arguments(None, expr)

    def _named_call(self, function: tree.Name, expr: tree.Call, stage: bool) -> None:
        name = function.id
        if name in self.bound:
            return self._arguments(None, expr)
        found: Own | type[Declared] | None = self.module.blocks.get(name) or find_operator(name)
        is_block = isinstance(found, Own)
        positional = found is None or any(argument.name is None for argument in expr.arguments)
        if name in VALUE_FUNCTIONS and positional and not stage and not is_block:
            return self.visit_all(argument.value for argument in expr.arguments)
        found = found or find_configuration(name)
        if found is None:
            self._refuse(function, True)
        self._arguments(found, expr)

    def _arguments(self, called: Own | type[Declared] | None, expr: tree.Call) -> None:
        """The arguments of a call of a block, an operator or a configuration object; None: of nobody knows what."""
        if called is None:
            for argument in expr.arguments:
                self._unknown_parameter(argument.value)
        elif isinstance(called, Own):
            self._check_call(block_signature(called), expr)
            self.visit_all(argument.value for argument in expr.arguments)
        else:
            self._declared(called, expr)

    def _declared(self, cls: type[Declared], expr: tree.Call) -> None:
        attributes: Mapping[str, Attribute] = cls.attributes()
        positional = self._check_call(signature(cls), expr).positional
        for position, argument in enumerate(expr.arguments):
            name = argument.name or (positional[position] if position < len(positional) else "")
            attribute = attributes.get(name)
            if attribute is None:
                self._unknown_parameter(argument.value)
            else:
                self._argument(argument.value, attribute)

    def _check_call(self, wanted: Signature, expr: tree.Call) -> Signature:
        """Report what is wrong with the call's arguments as such."""
        if not wanted.fits(expr.arguments):
            with suppress(Poisoned):
                bind(self.session, wanted, expr.arguments, expr.span)
        return wanted

    def _unknown_parameter(self, value: tree.Expr) -> None:
        """The value of an argument that nobody knows: a bare name may be one of its words."""
        if not isinstance(value, tree.Name):
            self.visit(value)

    def _argument(self, expr: tree.Expr, attribute: Attribute) -> None:
        """A value for an attribute: a bare name may be one of its words, a call a configuration object of its kind."""
        if isinstance(expr, tree.Name):
            self._word(expr, attribute)
        elif isinstance(expr, tree.Conditional):
            self.visit(expr.condition)
            self._argument(expr.then, attribute)
            self._argument(expr.otherwise, attribute)
        elif isinstance(expr, tree.Sequence):
            for item in expr.items:
                self._argument(item, attribute)
        elif isinstance(expr, tree.Call) and isinstance(expr.function, tree.Name):
            self._call_for(expr, expr.function, attribute)
        else:
            self.visit(expr)

    def _word(self, expr: tree.Name, attribute: Attribute) -> None:
        if expr.id in attribute.choices or self._is_meant(expr.id, attribute):
            return
        if attribute.choices:
            self._report(unknown_word(expr.id, attribute, self.module, sorted(self.bound)), expr.span)
        else:
            self._refuse(expr, False)

    def _is_meant(self, name: str, attribute: Attribute) -> bool:
        """Whether the name stands for what the spec or the catalogue calls so."""
        bound = name in self.bound or name in self.module.blocks
        return bound or (find_operator(name) is not None and not takes_words_alone(attribute))

    def _call_for(self, expr: tree.Call, function: tree.Name, attribute: Attribute) -> None:
        kind = configuration_kind(attribute)
        cls = find_configuration(function.id, kind) if kind else None
        if cls is not None:
            self._declared(cls, expr)
        elif kind is None or self._known(function.id) or function.id in VALUE_FUNCTIONS:
            self.visit(expr)
        else:
            self._report(unknown_word(function.id, attribute, self.module, sorted(self.bound)), function.span)


_HANDLERS: dict[type[tree.Expr], Callable[[NameVisitor, Any, bool], None]] = {
    tree.Name: NameVisitor._name,
    tree.Call: NameVisitor._call,
    tree.Attribute: NameVisitor._attribute,
    tree.Sequence: NameVisitor._sequence,
    tree.Unary: NameVisitor._unary,
    tree.Binary: NameVisitor._binary,
    tree.Comparison: NameVisitor._comparison,
    tree.Logical: NameVisitor._logical,
    tree.Conditional: NameVisitor._conditional,
    tree.Subscript: NameVisitor._subscript,
    tree.Slice: NameVisitor._slice,
    tree.Chain: NameVisitor._chain,
    tree.Fork: NameVisitor._fork,
    tree.Shared: NameVisitor._shared,
    tree.Loop: NameVisitor._loop,
}
