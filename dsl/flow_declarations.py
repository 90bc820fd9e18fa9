"""Owns how bindings, headers and tensor types are built: the actions of `flow.lark` for them. Knows
nothing of the automaton, nor of what else a document holds."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.dsl import tree
from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.flow_expressions import Expressions
from netwright.dsl.flow_targets import as_dims, as_target
from netwright.dsl.flow_tokens import Tokens
from netwright.dsl.names import DTYPES, duplicate_names
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree import Expr, Header, Parameter, Target

TypedTarget = tuple[Target, str]  # an operand of an extern, and its dtype

# What other tools call a dtype.
_ELSEWHERE = {
    **{f"float{bits}": f"f{bits}" for bits in (16, 32, 64)},
    **{f"int{bits}": f"i{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"u{bits}" for bits in (8, 16, 32, 64)},
    **dict(zip(("bfloat16", "half", "float", "double"), ("bf16", "f16", "f32", "f64"), strict=True)),
    **dict(zip(("int", "long", "boolean", "string"), ("i32", "i64", "bool", "str"), strict=True)),
}


class Nodes(Expressions):
    """All actions."""

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self._empty: dict[int, tree.Subscript] = {}

    def binding(self, span: Span, left: list[Expr], _equals: int, value: Expr) -> tree.Binding:
        targets = tuple(as_target(expression, self.faults) for expression in left)
        for expression in left:
            self._empty.pop(id(expression), None)
        return tree.Binding(span, targets, value)

    def subscript(self, span: Span, base: Expr, _open: int, indices: list[Expr], _close: int) -> Expr:
        node = tree.Subscript(span, base, tuple(indices))
        if not indices:
            self._empty[id(node)] = node
        return node

    def found_faults(self) -> list[Diagnostic]:
        """What is wrong with all that was built, in the order of the text."""
        empty = (_empty_subscript(node) for node in self._empty.values())
        return sorted((*self.faults, *empty), key=lambda fault: fault.span.start if fault.span else 0)

    # ------------------------------------------------------------ headers

    def block_header(
        self, span: Span, operands: list[Target], _arrow: int, name: int, parameters: list[Parameter]
    ) -> Header:
        return self._header(span, name, operands, parameters, is_function=False)

    def bare_header(self, span: Span, operands: list[Target], _arrow: int, name: int) -> Header:
        return self._header(span, name, operands, [], is_function=False)

    def function_header(self, span: Span, name: int, parameters: list[Parameter]) -> Header:
        return self._header(span, name, [], parameters, is_function=True)

    def operand(self, span: Span, name: int) -> Target:
        return Target(span, self.tokens.texts[name])

    def shaped_operand(self, span: Span, name: int, _open: int, dims: list[Expr], _close: int) -> Target:
        return Target(span, self.tokens.texts[name], as_dims(tuple(dims), self.faults))

    def parameter(self, span: Span, name: int) -> Parameter:
        return Parameter(span, self.tokens.texts[name], None)

    def optional_parameter(self, span: Span, name: int, _equals: int, default: Expr) -> Parameter:
        return Parameter(span, self.tokens.texts[name], default)

    def _header(
        self, span: Span, name: int, operands: list[Target], parameters: list[Parameter], *, is_function: bool
    ) -> Header:
        introduced = [("operand", operand.name, operand.span) for operand in operands if operand.name != "_"]
        introduced += [("parameter", parameter.name, parameter.span) for parameter in parameters]
        self.faults += duplicate_names(introduced)
        self.faults += _late_required(parameters)
        return Header(span, self.tokens.texts[name], tuple(operands), tuple(parameters), is_function)

    # ------------------------------------------------------------ headers of externs

    def bare_extern(
        self, span: Span, operands: list[TypedTarget], arrow: int, name: int, _colon: int, results: list[tree.TypeExpr]
    ) -> tree.ExternHeader:
        return self.extern_header(span, operands, arrow, name, [], _colon, results)

    def extern_header(
        self,
        span: Span,
        operands: list[TypedTarget],
        _arrow: int,
        name: int,
        parameters: list[Parameter],
        _colon: int,
        results: list[tree.TypeExpr],
    ) -> tree.ExternHeader:
        header = self._header(span, name, [target for target, _ in operands], parameters, is_function=False)
        dtypes = tuple(dtype for _, dtype in operands)
        return tree.ExternHeader(
            span, header.name, header.operands, header.parameters, False, dtypes=dtypes, results=tuple(results)
        )

    def typed_operand(
        self, span: Span, name: int, _colon: int, dtype: int, _open: int, dims: list[Expr], _close: int
    ) -> TypedTarget:
        target = Target(span, self.tokens.texts[name], as_dims(tuple(dims), self.faults))
        return target, self._dtype(dtype)

    # ------------------------------------------------------------ types

    def tensor_type(self, span: Span, dtype: int, _open: int, dims: list[Expr], _close: int) -> tree.TypeExpr:
        return tree.TypeExpr(span, self._dtype(dtype), tuple(dims))

    def _dtype(self, token: int) -> str:
        name = self.tokens.texts[token]
        if name not in DTYPES:
            self.faults.append(_unknown_dtype(name, self.tokens.span(token)))
        return name


def _empty_subscript(node: tree.Subscript) -> Diagnostic:
    help = "write an index, as in x[0] or x[:, 0]"
    return Diagnostic("flow-syntax", "nothing stands between the brackets", node.span, help=help)


def _late_required(parameters: list[Parameter]) -> Iterable[Diagnostic]:
    """A parameter without default cannot follow one with a default: no call could give it by place."""
    optional: Parameter | None = None
    for parameter in parameters:
        if parameter.default is not None:
            optional = parameter
        elif optional is not None:
            yield Diagnostic(
                "flow-syntax",
                f"the parameter `{parameter.name}` without default stands after one that has a default",
                parameter.span,
                labels=(Label(optional.span, "this one has a default"),),
                help=f"put `{parameter.name}` first, or give it a default",
            )


def _unknown_dtype(name: str, span: Span) -> Diagnostic:
    meant = _ELSEWHERE.get(name.lower())
    near = f"did you mean `{meant}`?" if meant else did_you_mean(name, DTYPES)
    known = f"the dtypes are {' '.join(sorted(DTYPES))}"
    notes = (known,) if near else ()
    return Diagnostic("unknown-dtype", f"there is no dtype `{name}`", span, notes=notes, help=near or known)
