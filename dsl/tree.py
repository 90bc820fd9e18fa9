"""The located syntax tree of flow and of the document around it. Every node knows its `span`.
Holds no meaning: names are not resolved, operators are not known."""

from __future__ import annotations

from typing import Literal as OneOf

from netwright.dsl.records import node
from netwright.dsl.source import Source, Span

# ---------------------------------------------------------------- expressions


@node
class Expr:
    """An expression. Trees compare by identity."""

    span: Span


@node
class Literal(Expr):
    """A number, string, boolean or none."""

    value: int | float | str | bool | None


@node
class Name(Expr):
    id: str


@node
class Attribute(Expr):
    """`base.name`"""

    base: Expr
    name: str
    name_span: Span


@node
class Argument:
    """One argument of a call; `name` is None for a positional one."""

    span: Span
    name: str | None
    value: Expr


@node
class Call(Expr):
    function: Expr
    arguments: tuple[Argument, ...]


@node
class Slice(Expr):
    """`start:stop:step` inside a subscript."""

    start: Expr | None
    stop: Expr | None
    step: Expr | None


@node
class Ellipsis_(Expr):
    """`...` inside a subscript or a shape pattern."""


@node
class Subscript(Expr):
    """`base[index, ...]`; an index may be a Slice or Ellipsis_."""

    base: Expr
    indices: tuple[Expr, ...]


@node
class Unary(Expr):
    operator: OneOf["-", "+", "not"]
    operand: Expr


@node
class Binary(Expr):
    """`left operator right` with one of + - * / // % ** @. A long sum nests to the left without bound, so walk
    down `left` in a loop; every other nesting is at most 200 deep."""

    operator: str
    operator_span: Span
    left: Expr
    right: Expr


@node
class Comparison(Expr):
    """`a < b <= c`: `rest` holds (operator, its span, operand) in order. Operators: == != < <= > >= in."""

    first: Expr
    rest: tuple[tuple[str, Span, Expr], ...]


@node
class Logical(Expr):
    operator: OneOf["and", "or"]
    operands: tuple[Expr, ...]


@node
class Conditional(Expr):
    """`then if condition else otherwise`"""

    then: Expr
    condition: Expr
    otherwise: Expr


@node
class Sequence(Expr):
    """`[a, b]` (list) or `(a, b)` (tuple)."""

    kind: OneOf["list", "tuple"]
    items: tuple[Expr, ...]


@node
class Loop(Expr):
    """`(body for a, b in iterable if condition)`: a chain; in brackets: a list."""

    kind: OneOf["chain", "list"]
    body: Expr
    targets: tuple[Name, ...]
    iterable: Expr
    condition: Expr | None


@node
class Fork(Expr):
    """`{f, g -> h}`: every branch gets the same input; the result is a tuple."""

    branches: tuple[Expr, ...]


@node
class Chain(Expr):
    """`a -> f -> g`, flat: two or more stages."""

    stages: tuple[Expr, ...]


@node
class Shared(Expr):
    """`shared f`: one instance."""

    layer: Expr


# ---------------------------------------------------------------- bodies


@node
class Target:
    """A name that a binding or a block header introduces. `dims` is its shape pattern, if any: `y[N, H // 2, C]`."""

    span: Span
    name: str
    dims: tuple[Expr, ...] | None = None


@node
class Binding:
    """`a, b = value`"""

    span: Span
    targets: tuple[Target, ...]
    value: Expr


@node
class Body:
    """Bindings in order and the expression that ends them (None where the text ends with a binding)."""

    span: Span
    bindings: tuple[Binding, ...]
    result: Expr | None


@node
class TypeExpr:
    """`dtype[dims]`; `dims` is empty for a scalar: `f32[]`."""

    span: Span
    dtype: str
    dims: tuple[Expr, ...]


# ---------------------------------------------------------------- the document


@node
class Parameter:
    """A parameter of a block header, with its default if it has one."""

    span: Span
    name: str
    default: Expr | None


@node
class Header:
    """`x -> name(parameters)`: a block without its body. `operands` is empty and `is_function` true without arrow."""

    span: Span
    name: str
    operands: tuple[Target, ...]
    parameters: tuple[Parameter, ...]
    is_function: bool


@node
class ExternHeader(Header):
    """`x: f32[N, D] -> name(parameters): f32[N, D]`; `dtypes` are those of the operands, whose dims are patterns."""

    dtypes: tuple[str, ...]
    results: tuple[TypeExpr, ...]


@node
class Extern(ExternHeader):
    """A layer of the user's own: its header, and what its declaration says. `python_span` is the place of
    `module:name`."""

    python_span: Span
    module: str
    class_name: str
    params: Expr
    non_trainable_params: Expr
    macs: Expr | None


@node
class Block:
    """`x -> name(parameters): body`. `operands` is empty and `is_function` true for a header without arrow."""

    span: Span
    name: str
    operands: tuple[Target, ...]
    parameters: tuple[Parameter, ...]
    body: Body
    is_function: bool


@node
class Entry:
    """`name: expression` in params, presets or layers."""

    span: Span
    name: str
    value: Expr


@node
class Preset:
    span: Span
    name: str
    values: tuple[Entry, ...]


@node
class Use:
    """`alias: other.yaml`; `span` is the path's."""

    span: Span
    alias: str
    path: str


@node
class Input:
    span: Span
    name: str
    type: TypeExpr


@node
class OutputName:
    span: Span
    name: str


@node
class Check:
    """One check with its text as written; `preset` is the name of the member that it is of, None for one of all."""

    span: Span
    text: str
    condition: Expr
    preset: Name | None = None


@node
class Spec:
    """One spec file. Absent sections are empty tuples or None."""

    source: Source
    span: Span
    name: str
    about: str | None
    reference: str | None
    params: tuple[Entry, ...]
    presets: tuple[Preset, ...]
    uses: tuple[Use, ...]
    inputs: tuple[Input, ...]
    externs: tuple[Extern, ...]
    blocks: tuple[Block, ...]
    layers: tuple[Entry, ...]
    model: Body | None
    outputs: tuple[OutputName, ...]
    checks: tuple[Check, ...]
    train: Train | None

    @property
    def own_layers(self) -> tuple[Block | Extern, ...]:
        """What the spec defines that is called like an operator."""
        return (*self.blocks, *self.externs)


@node
class Train:
    """The `train` section: each setting as an expression (`loss`, `optimizer`, `metrics`, ...) and `data` as
    an expression too: YAML mappings become Mapping."""

    span: Span
    settings: tuple[Entry, ...]

    def get(self, name: str) -> Entry | None:
        return next((entry for entry in self.settings if entry.name == name), None)


@node
class Mapping(Expr):
    """A YAML mapping inside params or train."""

    entries: tuple[Entry, ...]


@node
class Procedure(Expr):
    """Flow text with bindings as a value: `minimize` of a training step."""

    body: Body
