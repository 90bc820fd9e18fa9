"""Owns `build_model`: the spec's params as its parameters, inputs, shared layers, the model's body, outputs."""

from __future__ import annotations

from typing import Any

from netwright.backends.keras.bodies import result_carry, return_choice, write_body
from netwright.backends.keras.emission import Emission
from netwright.backends.keras.evidence import depth_of
from netwright.backends.keras.functions import default_statement, is_constant
from netwright.backends.keras.layers_called import share
from netwright.backends.keras.literals import constant, string
from netwright.backends.keras.names import Names
from netwright.backends.keras.scope import Scope, names_in
from netwright.backends.keras.statements import Comment, Expression, Function, Return
from netwright.backends.keras.syntax import Atom, Call, Code, Display, Pairs, Size, Subscript
from netwright.backends.keras.terms import Items, Plain, Tensor, Tensors, Term, Unknown
from netwright.backends.keras.translator import Translator
from netwright.backends.keras.unread import without_unread
from netwright.compiler.dims import SymbolicDim
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph, Value
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.scope import Env
from netwright.compiler.session import Session
from netwright.dsl import tree

#: Keras recurses over a model's layers one frame each; Python allows 1000 unless told otherwise
DEEP = 400


class ModelWriter:
    """Writes `build_model` of one spec."""

    def __init__(self, emission: Emission) -> None:
        self._emission = emission
        self._elaborated = emission.elaborated
        self._spec = emission.main.spec
        self._scope = Scope(Names(emission.names))
        self._params: dict[str, Term] = {}
        self._to = Translator(emission, emission.main, self._scope, self._params, is_model=True)

    def write(self, documentation: str) -> Function:
        """The function."""
        assert self._spec.model is not None
        self._scope.uses = names_in(self._spec.model)
        self._scope.uses.update(output.name for output in self._spec.outputs)
        parameters = [self._parameter(entry) for entry in self._spec.params]
        self._raise_recursion_limit()
        for declared in self._spec.inputs:
            self._input(declared)
        self._shared_layers()
        write_body(self._to, self._spec.model, self._result)
        if self._spec.model.result is None or self._spec.outputs:
            self._return({name: self._scope.terms[name] for name in self._elaborated.outputs})
        return without_unread(Function("build_model", parameters, self._scope.statements, documentation))

    # ------------------------------------------------------------ params

    def _parameter(self, entry: tree.Entry) -> tuple[str, Code]:
        variable = self._scope.names.claim(entry.name)
        value = self._emission.main.params[entry.name]
        default = self._default(entry, variable, value)
        self._params[entry.name] = self._emission.param_term(entry.name, variable, entry.span)
        return variable, default

    def _default(self, entry: tree.Entry, variable: str, value: Any) -> Code:
        """The default as the spec has it, unless it was set otherwise."""
        if not self._is_as_written(entry, value):
            return self._emission.literal(value, entry.span)
        code = self._to.plain(entry.value)
        if is_constant(code):
            return code
        with self._scope.block() as statements:
            self._scope.assign((variable,), code)
        self._scope.emit(default_statement(variable, statements))
        return Atom("None")

    def _is_as_written(self, entry: tree.Entry, value: Any) -> bool:
        session = Session()
        written = Evaluator(session, Env(self._emission.main), Graph("")).evaluate(entry.value)
        return type(written) is type(value) and bool(written == value)

    # ------------------------------------------------------------ inputs and shared layers

    def _raise_recursion_limit(self) -> None:
        graph = self._elaborated.graph
        depth = 0 if graph is None else depth_of(graph)
        if depth > DEEP:
            limit = (2 * depth // 1000 + 2) * 1000
            self._scope.emit(Comment(f"Keras recurses over a model's layers; here {depth:,} follow on each other."))
            now = Call(Atom("sys.getrecursionlimit"))
            most = Call(Atom("max"), (now, Atom(f"{limit:_}")))
            self._scope.emit(Expression(Call(Atom("sys.setrecursionlimit"), (most,))))

    def _input(self, declared: tree.Input) -> None:
        value = self._elaborated.inputs[declared.name]
        variable = self._scope.names.claim(declared.name)
        self._scope.assign((variable,), self._input_code(declared, value))
        self._scope.terms[declared.name] = Tensor(Atom(variable), types=(value.type,))
        if self._scope.anchor is None:
            self._scope.anchor = Atom(variable)
        for axis, expr in enumerate(declared.type.dims):
            for name in self._named_values(expr):
                self._size(name, expr, Atom(variable), axis)

    def _input_code(self, declared: tree.Input, value: Value) -> Code:
        dims = [self._dim(expr, dim) for expr, dim in zip(declared.type.dims, value.type.shape, strict=True)]
        keywords: list[tuple[str, Code]] = []
        if not dims:
            keywords.append(("batch_shape", Display("tuple", ())))
        elif dims[0] != Atom("None"):
            keywords.append(("batch_size", dims[0]))
        if value.type.dtype != "f32":
            keywords.append(("dtype", Atom(string(keras_dtype(value.type.dtype)))))
        if declared.name not in OPERATORS:  # a layer that Keras names itself could have that name
            keywords.append(("name", Atom(string(declared.name))))
        shape = (Display("tuple", tuple(dims[1:])),) if dims else ()
        return Call(self._emission.keras("Input"), shape, tuple(keywords))

    def _dim(self, expr: tree.Expr, dim: Any) -> Code:
        if isinstance(dim, SymbolicDim):
            return Atom("None")
        of_params = all(name in self._params for name in self._named_values(expr))
        return self._to.plain(expr) if of_params else constant(dim)

    def _named_values(self, expr: tree.Expr) -> list[str]:
        """The params and symbolic dims that a dim is made of; other names are functions of flow, such as `len`."""
        return [name for name in names_in(expr) if name in self._elaborated.env.names]

    def _size(self, name: str, expr: tree.Expr, tensor: Code, axis: int) -> None:
        """What a symbolic dim of an input stands for in the model: the size of the first axis that is just that dim."""
        if name in self._params:
            return
        value = self._elaborated.env.names[name]
        known = not isinstance(value, SymbolicDim)
        if isinstance(expr, tree.Name) and not isinstance(self._size_of(name), Size):
            self._scope.terms[name] = Plain(Size(tensor, axis, known))
        else:
            self._scope.terms.setdefault(name, Plain(constant(value) if known else Unknown(name)))

    def _size_of(self, name: str) -> Code | None:
        term = self._scope.terms.get(name)
        return term.code if isinstance(term, Plain) else None

    def _shared_layers(self) -> None:
        for entry in self._spec.layers:
            node = self._emission.evidence.first_application(entry.span)
            if node is None:
                continue
            variable = self._scope.variable(entry.name)
            layer = share(self._to, self._to.layer(entry.value), variable, entry.span)
            self._emission.shared[entry.name] = layer
            self._params[entry.name] = layer

    # ------------------------------------------------------------ outputs

    def _result(self, expr: tree.Expr) -> Term:
        """What the model ends in: `return` of a model of that, unless outputs are named."""
        if isinstance(expr, tree.Conditional) and not self._spec.outputs and _any_tuple(expr):
            return return_choice(self._to, expr, self._result)
        carry = result_carry(self._to, expr)
        term = self._to.evaluate(expr, carry)
        settled = carry.settle(term) if isinstance(term, (Tensor, Tensors)) else term
        if not self._spec.outputs:
            self._return(_by_name(settled, len(self._elaborated.outputs)))
        return settled

    def _return(self, outputs: dict[str, Term]) -> None:
        named = [(name, self._to.code(term, self._spec.span)) for name, term in outputs.items()]
        inputs = [(name, self._to.code(self._scope.terms[name], self._spec.span)) for name in self._elaborated.inputs]
        name = ("name", Atom(string(self._spec.name)))
        model = Call(self._emission.keras("Model"), (_one_or_named(inputs), _one_or_named(named)), (name,))
        self._scope.emit(Return((model,)))


def _any_tuple(expr: tree.Expr) -> bool:
    """Whether one side of the choice is written as several tensors, so that others may be fewer."""
    if isinstance(expr, tree.Conditional):
        return _any_tuple(expr.then) or _any_tuple(expr.otherwise)
    return isinstance(expr, tree.Sequence)


def _by_name(result: Term, count: int) -> dict[str, Term]:
    """The outputs of a model that does not name them; `count` is how many it has by default."""
    if isinstance(result, Items):
        return {f"output_{index}": item for index, item in enumerate(result.items)}
    if isinstance(result, Tensors):
        items = [Subscript(result.code, (Atom(str(index)),)) for index in range(result.count or count)]
        return {f"output_{index}": Tensor(item) for index, item in enumerate(items)}
    return {"output": result}


def _one_or_named(tensors: list[tuple[str, Code]]) -> Code:
    """One tensor as it is, several by name."""
    return tensors[0][1] if len(tensors) == 1 else Pairs(tuple((string(name), code) for name, code in tensors))
