"""Owns the functions of the emitted module: one for each block that is reached, with the block's own parameters and
defaults, and after them what it reads of the main spec."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netwright.backends.keras.as_function import define
from netwright.backends.keras.bodies import write_body, write_pattern
from netwright.backends.keras.evidence import is_symbolic
from netwright.backends.keras.layers_called import FunctionLayer
from netwright.backends.keras.names import Names
from netwright.backends.keras.scope import Scope, names_in
from netwright.backends.keras.statements import Function, If, Statement
from netwright.backends.keras.syntax import Atom, Call, Code, Joined, Lambda, parts
from netwright.backends.keras.terms import BlockArgument, Items, Layer, Plain, Tensor, Tensors, Term, Unknown, flowing
from netwright.backends.keras.translator import Translator
from netwright.backends.keras.unread import without_unread
from netwright.compiler.scope import Module
from netwright.compiler.values import Layer as LayerValue
from netwright.dsl import tree

if TYPE_CHECKING:
    from netwright.backends.keras.emission import Emission

#: names that a default may hold where Python evaluates it once
_CONSTANTS = frozenset({"None", "True", "False"})


@dataclass(slots=True)
class PythonFunction:
    """A block as a function. `parameters` and `lifted`: name in the spec -> name in Python. `result`: what it returns,
    known once it is written. `is_inline`: it comes to a layer, so each call is written out."""

    name: str
    parameters: dict[str, str] = field(default_factory=dict)
    lifted: dict[str, str] = field(default_factory=dict)
    result: Term | None = None
    is_inline: bool = False
    statement: Function | None = None


class Functions:
    """The functions of one module."""

    def __init__(self, emission: Emission) -> None:
        self._emission = emission
        self._found: dict[tree.Block, PythonFunction] = {}

    def of(self, module: Module, block: tree.Block, arguments: tuple[BlockArgument, ...]) -> PythonFunction:
        """The block's function, written when it is first called."""
        if block not in self._found:
            function = self._found[block] = PythonFunction(self._emission.function_names[block])
            _Writer(self._emission, module, block, function).write(_samples(block, arguments))
        return self._found[block]

    def statements(self) -> list[Function]:
        """All functions, in the order of the spec: those of used specs first."""
        blocks = [block for module in reversed(self._emission.elaborated.modules) for block in module.spec.blocks]
        found = [self._found[block] for block in blocks if block in self._found]
        return [function.statement for function in found if function.statement and not function.is_inline]

    def inline(self, to: Translator, module: Module, block: tree.Block, arguments: tuple[BlockArgument, ...]) -> Term:
        """What a function of values comes to for these arguments, written where it is called."""
        inner = Translator(to.emission, module, to.scope, to.params)
        terms = inner.with_defaults(block.parameters, _samples(block, arguments))
        to.scope.uses.update(names_in(block.body))
        with to.scope.binding(terms):
            assert block.body.result is not None
            return write_body(inner, block.body, inner.evaluate)


def _samples(block: tree.Block, arguments: tuple[BlockArgument, ...]) -> dict[str, Term]:
    """The arguments of one call by parameter."""
    names = [parameter.name for parameter in block.parameters]
    return {argument.name or names[index]: argument.term for index, argument in enumerate(arguments)}


class _Writer:
    """Writes one function."""

    def __init__(self, emission: Emission, module: Module, block: tree.Block, function: PythonFunction) -> None:
        self._emission = emission
        self._block = block
        self._function = function
        self._scope = Scope(Names(emission.names))
        self._params: dict[str, Term] = {}
        self._to = Translator(emission, module, self._scope, self._params)
        self._signature: list[tuple[str, Code | None]] = []

    def write(self, samples: dict[str, Term]) -> None:
        """Fill the function in; `samples` are the arguments of a call."""
        self._scope.uses = names_in(self._block.body)
        self._operands()
        self._own_parameters(samples)
        self._lifted()
        self._defaults()
        for target in self._block.operands:
            write_pattern(self._to, target)
        result = write_body(self._to, self._block.body)
        self._function.result = result
        self._function.is_inline = isinstance(result, Layer) or _has_layers(result)
        statement = Function(self._function.name, self._signature, self._scope.statements)
        self._function.statement = without_unread(statement)

    def _operands(self) -> None:
        seen = self._emission.evidence.operand_types(self._block)
        for target, types in zip(self._block.operands, seen, strict=True):
            variable = self._scope.variable(target.name)
            self._scope.terms[target.name] = Tensor(Atom(variable), types=types)
            self._signature.append((variable, None))
            if self._scope.anchor is None:
                self._scope.anchor = Atom(variable)

    def _own_parameters(self, samples: dict[str, Term]) -> None:
        seen = self._emission.evidence.argument_values(self._block)
        for parameter, values in zip(self._block.parameters, seen, strict=True):
            variable = self._scope.names.claim(parameter.name)
            self._function.parameters[parameter.name] = variable
            term = _term_for(variable, values) if values else _term_like(variable, samples.get(parameter.name))
            self._scope.terms[parameter.name] = term

    def _lifted(self) -> None:
        for name in self._emission.lifting.of(self._block):
            variable = self._scope.names.claim(name)
            self._function.lifted[name] = variable
            self._params[name] = self._emission.param_term(name, variable, self._block.span)

    def _defaults(self) -> None:
        """The signature's parameters: constants stand in it, other defaults are computed where none is given."""
        for parameter in self._block.parameters:
            variable = self._function.parameters[parameter.name]
            default = None if parameter.default is None else self._default(parameter.default, variable)
            self._signature.append((variable, default))
        lifted = list(self._function.lifted.values())
        if lifted and any(parameter.default is not None for parameter in self._block.parameters):
            self._signature.append(("*", None))
        self._signature += [(variable, None) for variable in lifted]

    def _default(self, expr: tree.Expr, variable: str) -> Code:
        with self._scope.block() as statements:
            term = self._to.operand(expr)
            code = self._to.code(term, expr.span)
        if is_constant(code) and not statements:
            return code
        with self._scope.block() as statements:
            if isinstance(term, Layer):
                define(self._to, term, expr.span, variable)
            else:
                self._scope.assign((variable,), code)
        self._scope.emit(default_statement(variable, statements))
        return Atom("None")


# ---------------------------------------------------------------- parameters


def default_statement(variable: str, statements: list[Statement]) -> Statement:
    """`if variable is None:` and what computes its default."""
    return If(Joined(("is",), (Atom(variable), Atom("None"))), statements)


def is_constant(code: Code) -> bool:
    """Whether a default means the same whenever it is evaluated: literals, names of Keras's, and functions of them."""
    if any(isinstance(part, Call) for part in parts(code)) and not isinstance(code, Lambda):
        return False
    names = {part.text for part in parts(code) if isinstance(part, Atom) and part.text.isidentifier()}
    own = {name for part in parts(code) if isinstance(part, Lambda) for name in part.parameters}
    return names <= _CONSTANTS | own


def _term_for(variable: str, values: tuple[Any, ...]) -> Term:
    """What a parameter stands for that elaboration saw with these values."""
    if any(isinstance(value, LayerValue) for value in values):
        return FunctionLayer(Atom(variable))
    return Plain(Unknown(variable) if any(map(is_symbolic, values)) else Atom(variable))


def _term_like(variable: str, sample: Term | None) -> Term:
    """What a parameter stands for that was given such an argument."""
    if isinstance(sample, Layer):
        return FunctionLayer(Atom(variable))
    if isinstance(sample, Tensor):
        return Tensor(Atom(variable), eager=sample.eager)
    if isinstance(sample, (Tensors, Items)) and any(flowing(sample)):
        return Tensors(Atom(variable), None, eager=all(each.eager for each in flowing(sample)))
    return Plain(Atom(variable))


def _has_layers(term: Term) -> bool:
    return isinstance(term, Items) and any(isinstance(item, Layer) or _has_layers(item) for item in term.items)
