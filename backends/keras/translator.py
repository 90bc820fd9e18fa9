"""Owns the translation of flow in one Python function: which expression is translated where, and what all of it needs:
operands, layers, plain values, constants tied to the model, sizes that are known only when the model runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from netwright.backends.keras.emission import Emission
from netwright.backends.keras.scope import Carry, Scope
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Lambda, Size, Subscript, parts, rewrite
from netwright.backends.keras.terms import (
    Flowing,
    Items,
    Layer,
    Plain,
    Tensor,
    Tensors,
    Term,
    Unknown,
    is_unknown,
    is_variable,
)
from netwright.compiler.scope import Module
from netwright.dsl import tree
from netwright.dsl.source import Span

_KNOWN_SIZE = "Keras code needs this size as a number: give it in the input's type, or with `--set`"


class Translator:
    """Translates the expressions of one body, whose names are those of `module`, into statements of `scope`. `params`:
    what the params and shared layers of the main spec are called here."""

    def __init__(
        self, emission: Emission, module: Module, scope: Scope, params: dict[str, Term], *, is_model: bool = False
    ) -> None:
        self.emission = emission
        self.module = module
        self.scope = scope
        self.params = params
        #: whether the function is `build_model`, which runs once
        self.is_model = is_model

    def beside(self, scope: Scope) -> Translator:
        """A translator of the same body that writes elsewhere."""
        return Translator(self.emission, self.module, scope, self.params)

    # ------------------------------------------------------------ kinds of expression

    def evaluate(self, expr: tree.Expr, carry: Carry | None = None, *, stage: bool = False) -> Term:
        """What the expression means. Chains in it move along in `carry`. `stage`: a layer is wanted."""
        from netwright.backends.keras.expressions import HANDLERS

        return HANDLERS[type(expr)](self, expr, carry or Carry(self.scope), stage)

    def operand(self, expr: tree.Expr, carry: Carry | None = None, *, stage: bool = False) -> Term:
        """An expression whose layers are all in statements."""
        carry = carry or Carry(self.scope)
        term = self.evaluate(expr, carry, stage=stage)
        return carry.settle(term) if isinstance(term, (Tensor, Tensors)) else term

    def layer(self, expr: tree.Expr) -> Layer:
        """The layer that a stage stands for."""
        return self.as_layer(self.evaluate(expr, stage=True), expr.span)

    def as_layer(self, term: Term, place: Span) -> Layer:
        """The term as a layer; a plain value (none, in some call) as the function that it is in others."""
        from netwright.backends.keras.layers_called import FunctionLayer

        if isinstance(term, Layer):
            return term
        if isinstance(term, Plain):
            return FunctionLayer(term.code)
        return self.refuse("an arrow leads to a layer", place)

    def plain(self, expr: tree.Expr) -> Code:
        """The Python expression of a plain value, or of anything that stands as one value."""
        return self.code(self.evaluate(expr), expr.span)

    def code(self, term: Term, place: Span) -> Code:
        """The one Python expression of a term."""
        if isinstance(term, (Plain, Tensor, Tensors)):
            return term.code
        if isinstance(term, Layer):
            return term.function(self)
        if isinstance(term, Items):
            return Display(term.kind, tuple(self.code(item, place) for item in term.items))
        return self.refuse("this has no value in Python", place)

    def with_defaults(self, parameters: Iterable[tree.Parameter], given: Mapping[str, Term]) -> dict[str, Term]:
        """What parameters stand for: the terms given, and their defaults, which may name the parameters before them."""
        terms = dict(given)
        for parameter in parameters:
            if parameter.name not in terms and parameter.default is not None:
                with self.scope.binding(dict(terms)):
                    terms[parameter.name] = self.operand(parameter.default)
        return terms

    # ------------------------------------------------------------ what depends on no input

    def tied(self, term: Flowing, place: Span) -> Flowing:
        """A constant as a part of the model. What depends on none of its inputs is computed at once, and Keras would
        not make the layers that are applied to it part of the model."""
        if not term.eager:
            return term
        code, anchor = term.code, self.anchor(place)
        if isinstance(code, Call) and code.function == Atom("ops.arange"):
            layer = Call(Atom("Arange"), code.positional, code.keywords)
        else:
            layer = Call(Atom("Constant"), (code,))
        return Tensor(Call(layer, (anchor,)), applied=True, temps=term.temps)

    def anchor(self, place: Span) -> Code:
        """A tensor of the model."""
        if self.scope.anchor is None:
            return self.refuse("a layer is applied to a constant where no tensor of the model is in reach", place)
        return self.scope.anchor

    # ------------------------------------------------------------ sizes that are not known yet

    def is_sized(self, code: Code) -> bool:
        """Whether some size in the expression is that of a tensor."""
        return any(isinstance(part, Size) for part in parts(code))

    def run_time(  # noqa: PLR0917 - what the layer is beside a Lambda comes last
        self,
        code: Code,
        operands: tuple[Code, ...],
        temps: frozenset[str],
        place: Span,
        layer: str = "layers.Lambda",
        parameters: tuple[str, ...] = (),
        keywords: tuple[tuple[str, Code], ...] = (),
    ) -> Tensor:
        """An expression of operands and of sizes that are not known while the model is built, as a layer that computes
        it when the model runs. `parameters`: of the function, behind the tensors; `keywords`: of the layer."""
        if any(isinstance(part, Unknown) for part in parts(code)):
            self.refuse("this size is not known when the model is built", place, _KNOWN_SIZE, code="unknown-size")
        sized = (part.tensor for part in parts(code) if isinstance(part, Size))
        tensors = tuple(dict.fromkeys((*operands, *sized)))
        one = len(tensors) == 1
        name = tensors[0].flat() if one and is_variable(tensors[0]) else self._free_name()
        given: dict[Code, Code] = {
            tensor: Atom(name) if one else Subscript(Atom(name), (Atom(str(index)),))
            for index, tensor in enumerate(tensors)
        }
        body = rewrite(code, lambda part: self._at_run_time(part, given))
        wanted = f"{code.function.flat().rpartition('.')[2] if isinstance(code, Call) else 'value'}_at_run_time"
        held, arguments = self.emission.registered.function(self.scope, Lambda((name, *parameters), body), wanted)
        cls = self.emission.keras(layer) if "." in layer else Atom(layer)
        made = Call(cls, (held,), (*keywords, *arguments))
        return Tensor(Call(made, (tensors[0] if one else Display("list", tensors),)), applied=True, temps=temps)

    def registered(self, function: Lambda) -> Code:
        """A function that a layer holds on to: by name, or as a layer with what it reads."""
        body = function.body
        wanted = f"{body.function.flat().rpartition('.')[2] if isinstance(body, Call) else 'value'}_activation"
        bare = Lambda(tuple(name for name in function.parameters if "=" not in name), body)
        held, arguments = self.emission.registered.function(self.scope, bare, wanted)
        return Call(self.emission.keras("layers.Lambda"), (held,), arguments) if arguments else held

    def _at_run_time(self, part: Code, given: dict[Code, Code]) -> Code | None:
        if not isinstance(part, Size):
            return given.get(part)
        shape = Call(self.emission.keras("ops.shape"), (given[part.tensor],))
        return shape if part.axis is None else Subscript(shape, (Atom(str(part.axis)),))

    def loop_defaults(self, body: Code) -> tuple[str, ...]:
        """Parameters that keep the variables of the loops around as they are when a lambda is made."""
        used = {part.text for part in parts(body) if isinstance(part, Atom)}
        return tuple(f"{name}={name}" for name in self.scope.loops if name in used)

    def _free_name(self) -> str:
        name = self.scope.names.claim_first(("tensors",))
        self.scope.names.release(name)
        return name

    def known(self, code: Code, place: Span) -> Code:
        """The expression, which must be known while the model is built."""
        if is_unknown(code):
            self.refuse("this size is not known when the model is built", place, _KNOWN_SIZE, code="unknown-size")
        return code

    # ------------------------------------------------------------ faults

    def refuse(self, message: str, place: Span, help: str | None = None, *, code: str = "wrong-kind") -> NoReturn:
        """What compiles and yet cannot be written as Keras code."""
        self.emission.refuse(code, message, place, help)
