"""Owns externs, layers of the user's own, as operators: one class for each declaration, which gives its types, weights
and cost. Imports nothing of the user's: what is declared is believed here, and checked where the layer is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from netwright.compiler.dims import Dim, SymbolicDim
from netwright.compiler.evaluate import Evaluator
from netwright.compiler.ir import Graph
from netwright.compiler.ops.attributes import Attribute
from netwright.compiler.ops.op import Op, Weight
from netwright.compiler.patterns import dim_of, match_pattern
from netwright.compiler.scope import Env, Module
from netwright.compiler.session import Poisoned, Session
from netwright.compiler.types import TensorType
from netwright.compiler.values import kind_of, show_declared
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.records import record


@record
class Claims:
    """What a declaration says of one application."""

    outputs: tuple[TensorType, ...]
    params: int
    non_trainable_params: int
    macs: Dim | None


class ExternLayer(Op, abstract=True):
    """A layer of the user's own. None of Keras's wraps it: what it would be applied to there is not declared."""

    session: ClassVar[Session]
    module: ClassVar[Module]
    declaration: ClassVar[tree.Extern]
    #: the claims for given arguments and operand types; None where they failed, which has been told
    known: ClassVar[dict[Any, Claims | None]]

    @classmethod
    def _register(cls) -> None:
        """Only the spec that declares it knows it."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values
        self._key = (type(self), *((type(value), value) for value in values.values()))
        self._hash = hash(self._key)

    def given(self) -> dict[str, Any]:
        """All arguments: the defaults are those of the header, and the class may have others."""
        return self.values

    def infer(self, *operands: TensorType) -> TensorType | tuple[TensorType, ...]:
        outputs = self.claims(operands).outputs
        return outputs if len(outputs) > 1 else outputs[0]

    def weights(self, *operands: TensorType) -> Iterable[Weight]:
        """As many numbers as are declared: what arrays they stand in is the class's own."""
        found = self.claims(operands)
        counts = (("params", found.params, True), ("non_trainable_params", found.non_trainable_params, False))
        return [Weight(name, (count,), "zeros", trainable) for name, count, trainable in counts if count]

    def macs(self, *tensors: TensorType) -> Dim | None:
        return self.claims(tensors[: len(self.operands)]).macs

    def claims(self, operands: tuple[TensorType, ...]) -> Claims:
        """What the declaration says of operands of these types. Reports where they do not fit it."""
        key = (self, operands)
        if key not in self.known:
            self.known[key] = None  # what failed once stays silent
            self.known[key] = self._evaluated(operands)
        found = self.known[key]
        if found is None:
            raise Poisoned
        return found

    def _evaluated(self, operands: tuple[TensorType, ...]) -> Claims:
        session, extern = self.session, self.declaration
        env, graph = Env(self.module, dict(self.values)), Graph(extern.name)
        evaluator = Evaluator(session, env, graph)
        with session.calling(show_declared(self), session.place or extern.span):
            for target, type in zip(extern.operands, operands, strict=True):
                env.names[target.name] = graph.add_input(type, target.name)
            for target, dtype, type in zip(extern.operands, extern.dtypes, operands, strict=True):
                if type.dtype != dtype:
                    message = f"'{target.name}' of {extern.name} is {dtype}, found {type.dtype}"
                    session.fail("dtype-mismatch", message, target.span, label=f"the tensor is {type}")
                match_pattern(evaluator, target, env.names[target.name])
            return Claims(
                tuple(
                    TensorType(result.dtype, [dim_of(evaluator, dim) for dim in result.dims])
                    for result in extern.results
                ),
                _count(evaluator, extern.params),
                _count(evaluator, extern.non_trainable_params),
                None if extern.macs is None else _number(evaluator, extern.macs),
            )


def _count(evaluator: Evaluator, expr: tree.Expr) -> int:
    """A number of weights, which must be known."""
    value = _number(evaluator, expr)
    if isinstance(value, SymbolicDim):
        message = f"the number of weights must be known when the model is compiled, found '{value}'"
        help = "give the sizes in it as numbers or params in the input's type"
        evaluator.session.fail("unknown-size", message, expr.span, help=help)
    return value


def _number(evaluator: Evaluator, expr: tree.Expr) -> Dim:
    value = evaluator.evaluate(expr)
    if isinstance(value, SymbolicDim):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        help = "use `//` to divide whole numbers" if isinstance(value, float) else None
        evaluator.session.fail("wrong-kind", f"this is a whole number, found {kind_of(value)}", expr.span, help=help)
    if value < 0:
        evaluator.session.fail("invalid-argument", f"this is 0 or more, found {value}", expr.span)
    return value


def extern_layer(
    session: Session, module: Module, extern: tree.Extern, values: Mapping[str, Any], places: Mapping[str, Any]
) -> ExternLayer:
    """The operator that a call makes. `values` are those of all parameters, `places` where arguments stand."""
    for name, value in values.items():
        if not _is_plain(value):
            symbolic = isinstance(value, SymbolicDim)
            message = f"'{name}' of {extern.name}: expected a number, text, none or a list of these, found "
            parameter = next(parameter for parameter in extern.parameters if parameter.name == name)
            session.fail(
                "unknown-size" if symbolic else "invalid-argument",
                message + kind_of(value),
                places.get(name, parameter.span),
                help="give the size as a number or a param in the input's type" if symbolic else None,
            )
    return class_of(session, module, extern)(
        {parameter.name: values[parameter.name] for parameter in extern.parameters}
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def class_of(session: Session, module: Module, extern: tree.Extern) -> type[ExternLayer]:
    """The operator that an extern is, made once."""
    if extern not in session.externs:
        session.externs[extern] = _define(session, module, extern)
    found: type[ExternLayer] = session.externs[extern]
    return found


def _define(session: Session, module: Module, extern: tree.Extern) -> type[ExternLayer]:
    for parameter in extern.parameters:
        if parameter.name == "name":
            help = "leave it out, or call it otherwise in the class"
            labels = (Label(extern.python_span, "the class"),)
            message = "'name' is what Keras calls the layer in a model, and no parameter of an extern"
            session.fail("invalid-name", message, parameter.span, labels=labels, help=help)
    made: type[ExternLayer] = type(
        extern.class_name,
        (ExternLayer,),
        {
            "__doc__": f"{extern.module}:{extern.class_name}",
            "keras": f"extern.{extern.module}.{extern.class_name}",
            "name_in_flow": extern.name,
            "operands": tuple(target.name for target in extern.operands),
            "session": session,
            "module": module,
            "declaration": extern,
            "known": {},
        },
    )
    made._attributes = {parameter.name: Attribute(parameter.name, "Any", None) for parameter in extern.parameters}
    return made
