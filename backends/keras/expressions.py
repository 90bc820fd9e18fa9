"""Owns the translation of each kind of expression, but for chains and what makes layers (`chains.py`) and for names and
calls (`calls.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from netwright.backends.keras import calls, chains
from netwright.backends.keras.choices import choose, negated, side
from netwright.backends.keras.evidence import are_known
from netwright.backends.keras.layers_built import ChosenLayer
from netwright.backends.keras.layers_looped import RepeatedLayer
from netwright.backends.keras.literals import constant, string
from netwright.backends.keras.scope import Carry
from netwright.backends.keras.syntax import (
    Atom,
    Call,
    Code,
    Display,
    Index,
    Joined,
    Member,
    Operation,
    Signed,
    Size,
    Starred,
    Subscript,
)
from netwright.backends.keras.terms import (
    Items,
    Layer,
    Plain,
    Tensor,
    Tensors,
    Term,
    is_unknown,
    temps_of,
)
from netwright.backends.keras.translator import Translator
from netwright.compiler.dtypes import KERAS_NAMES, is_float
from netwright.compiler.signs import BINARY, COMPARISON
from netwright.dsl import tree
from netwright.dsl.source import Span


def _literal(to: Translator, expr: tree.Literal, carry: Carry, stage: bool) -> Term:
    return Plain(constant(expr.value, expr.span.text))


def _attribute(to: Translator, expr: tree.Attribute, carry: Carry, stage: bool) -> Term:
    found = calls.qualified(to, expr, ())
    if found is not None:
        return found
    term = to.operand(expr.base)
    if not isinstance(term, Tensor):
        to.refuse(f"this has no '.{expr.name}'", expr.span)
    tensor = Carry(to.scope).as_variable(term)
    return Plain(_ATTRIBUTES[expr.name](to, tensor))


def _shape(to: Translator, tensor: Any) -> Code:
    return Size(tensor.code, None, are_known(tensor.types))


def _rank(to: Translator, tensor: Any) -> Code:
    return Call(Atom("len"), (Size(tensor.code, None),))


def _dtype(to: Translator, tensor: Any) -> Code:
    return Member(tensor.code, "dtype")


_ATTRIBUTES: dict[str, Callable[[Translator, Any], Code]] = {"shape": _shape, "rank": _rank, "dtype": _dtype}


# ---------------------------------------------------------------- lists and subscripts


def _sequence(to: Translator, expr: tree.Sequence, carry: Carry, stage: bool) -> Term:
    return items_term(tuple(map(to.operand, expr.items, carry.each(len(expr.items)))), expr.kind)


def items_term(items: tuple[Term, ...], kind: Any = "tuple") -> Term:
    """Several terms as one: a Python tuple where all are plain."""
    if all(isinstance(item, Plain) for item in items):
        return Plain(Display("tuple", tuple(item.code for item in items if isinstance(item, Plain))))
    return Items(items, kind)


def _subscript(to: Translator, expr: tree.Subscript, carry: Carry, stage: bool) -> Term:
    base = to.operand(expr.base)
    indices = tuple(_index(to, index) for index in expr.indices)
    if isinstance(base, Tensor):
        if len(indices) == 1 and isinstance(indices[0], Index):
            indices = (*indices, Atom("..."))  # a symbolic tensor of Keras's takes no slice alone
        if not any(map(is_unknown, indices)):
            return replace(base, code=Subscript(base.code, indices), types=())
        held = Carry(to.scope).as_variable(base)
        return to.run_time(Subscript(held.code, indices), (held.code,), held.temps, expr.span)
    if isinstance(base, Items):
        return _item(to, base, indices[0], expr.span)
    code = to.code(base, expr.base.span)
    if isinstance(code, Size) and code.axis is None:
        return Plain(_sizes(to, expr, code, indices[0]))
    if isinstance(base, Tensors):
        several = isinstance(indices[0], Index)
        sub = Subscript(code, indices)
        return replace(base, code=sub, count=None) if several else Tensor(sub, temps=base.temps, eager=base.eager)
    return Plain(Subscript(code, indices))


def _sizes(to: Translator, expr: tree.Subscript, shape: Size, index: Code) -> Code:
    """Some sizes of a tensor's shape."""
    assert isinstance(expr.base, tree.Attribute)
    term = to.evaluate(expr.base.base) if isinstance(expr.base.base, tree.Name) else None
    types = term.types if isinstance(term, Tensor) else ()
    axis = _number(index)
    if axis is not None:
        return Size(shape.tensor, axis, are_known(types, axis))
    bounds = _bounds(index)
    return Subscript(Size(shape.tensor, None, shape.known if bounds is None else are_known(types, bounds)), (index,))


def _bounds(index: Code) -> slice | None:
    """The slice that literal bounds make."""
    if not isinstance(index, Index):
        return None
    bounds = [None if bound is None else _number(bound) for bound in (index.start, index.stop, index.step)]
    literal = all((bound is None) == (number is None) for bound, number in zip(_parts(index), bounds, strict=True))
    return slice(*bounds) if literal else None


def _parts(index: Index) -> tuple[Code | None, ...]:
    return index.start, index.stop, index.step


def _index(to: Translator, expr: tree.Expr) -> Code:
    if isinstance(expr, tree.Slice):
        return Index(*(None if part is None else to.plain(part) for part in (expr.start, expr.stop, expr.step)))
    return Atom("...") if isinstance(expr, tree.Ellipsis_) else to.plain(expr)


def _item(to: Translator, base: Items, index: Code, place: Span) -> Term:
    """An item, or a slice, of a list that is known item by item."""
    number = _number(index)
    if number is not None:
        return base.items[number]
    bounds = _bounds(index)
    if bounds is not None:
        return items_term(base.items[bounds], base.kind)
    if all(isinstance(item, Tensor) for item in base.items):
        return Tensor(Subscript(to.code(base, place), (index,)), temps=temps_of(base.items))
    return to.as_layer(Plain(Subscript(to.code(base, place), (index,))), place)


def _number(code: Code) -> int | None:
    """The integer that a literal is."""
    if isinstance(code, Signed):
        inner = _number(code.operand)
        return None if inner is None else -inner
    return int(code.text) if isinstance(code, Atom) and code.text.isdecimal() else None


# ---------------------------------------------------------------- arithmetic


def _unary(to: Translator, expr: tree.Unary, carry: Carry, stage: bool) -> Term:
    term = to.operand(expr.operand)
    if expr.operator == "not":
        return Plain(negated(to.code(term, expr.operand.span)))
    if expr.operator == "+":
        return term
    if isinstance(term, Tensor):
        return replace(term, code=Signed("-", term.code))
    return Plain(Signed("-", to.code(term, expr.operand.span)))


def _binary(to: Translator, expr: tree.Binary, carry: Carry, stage: bool) -> Term:
    spine = [expr]
    while isinstance(spine[-1].left, tree.Binary):  # long sums lean left; walk them without recursion
        spine.append(spine[-1].left)
    first = spine[-1].left
    left = to.operand(first, stage=stage)
    for step in reversed(spine):
        left = combine(to, step, left, to.operand(step.right))
    return left


#: the sides of an operation on tensors are held in variables when they are longer together
_LONG = 60


def combine(to: Translator, expr: tree.Binary, left: Term, right: Term) -> Term:
    """`left operator right` of translated sides."""
    if isinstance(left, Layer) or isinstance(right, Layer):
        layer, count = (left, right) if isinstance(left, Layer) else (right, left)
        assert isinstance(layer, Layer)
        return RepeatedLayer(layer, to.code(count, expr.span), expr.span)
    left, right = _short(to, left, right)
    sides = (to.code(left, expr.left.span), to.code(right, expr.right.span))
    tensors = [side for side in (left, right) if isinstance(side, Tensor)]
    if not tensors:
        return Plain(_plain(expr.operator, *sides))
    eager = all(side.eager for side in tensors)
    temps = temps_of(tensors)
    at_hand = isinstance(left, Tensor) and left.eager  # JAX's operators take no symbolic tensor on the right
    if not _is_native(to, expr) if eager else at_hand:
        return Tensor(Call(to.emission.keras(BINARY[expr.operator]), sides), temps=temps, eager=eager)
    return Tensor(Operation(expr.operator, *sides), temps=temps, eager=eager)


def _plain(sign: str, left: Code, right: Code) -> Code:
    """An operation on numbers, or on lists: those are tuples here, but a caller of `build_model` may give a list."""
    if sign == "+" and (isinstance(left, Display) or isinstance(right, Display)):
        return Display("tuple", (*_items(left), *_items(right)))
    return Operation(sign, left, right)


def _items(side: Code) -> tuple[Code, ...]:
    return side.items if isinstance(side, Display) else (Starred(side),)


def _short(to: Translator, *sides: Term) -> tuple[Term, ...]:
    """The sides of an operator; where they do not fit on a line together, the long ones in variables."""
    if not any(isinstance(side, Tensor) for side in sides):
        return sides
    if sum(len(side.code.flat()) for side in sides if isinstance(side, (Tensor, Plain))) <= _LONG:
        return sides
    return tuple(_in_variable(to, side) if isinstance(side, Tensor) else side for side in sides)


def _in_variable(to: Translator, side: Tensor) -> Term:
    return Carry(to.scope).hold(side) if len(side.code.flat()) > _LONG // 3 else side


def _is_native(to: Translator, expr: tree.Binary) -> bool:
    """Whether Python's operator does to arrays of either backend what keras.ops does: for floats of one dtype."""
    operands = to.emission.evidence.operands_at(expr.operator_span) or ()
    dtypes = {value.type.dtype for value in operands if value.constant is None}
    return len(dtypes) == 1 and is_float(*dtypes)


def _comparison(to: Translator, expr: tree.Comparison, carry: Carry, stage: bool) -> Term:
    terms = [to.operand(operand) for operand in (expr.first, *(operand for _, _, operand in expr.rest))]
    tensors = [term for term in terms if isinstance(term, Tensor)]
    codes = tuple(to.code(term, expr.span) for term in terms)
    signs = tuple(sign for sign, _, _ in expr.rest)
    if not tensors:
        return Plain(Joined(_words(signs, codes), _with_dtypes(codes)))
    code = Call(to.emission.keras(COMPARISON[signs[0]]), codes)
    return Tensor(code, temps=temps_of(tensors), eager=all(term.eager for term in tensors))


def _words(signs: tuple[str, ...], codes: tuple[Code, ...]) -> tuple[str, ...]:
    """Python compares with none, true and false by `is`; flow does not take 1 for true either."""
    pairs = zip(signs, codes, codes[1:], strict=False)
    return tuple(_SAME.get(sign, sign) if {left, right} & _SINGLE else sign for sign, left, right in pairs)


_SAME = {"==": "is", "!=": "is not"}
_SINGLE = frozenset({Atom("None"), Atom("True"), Atom("False")})


def _with_dtypes(codes: tuple[Code, ...]) -> tuple[Code, ...]:
    """Beside `x.dtype`, dtypes are called as Keras calls them."""
    if not any(isinstance(code, Member) and code.name == "dtype" for code in codes):
        return codes
    names = {string(ours): Atom(string(keras)) for ours, keras in KERAS_NAMES.items()}
    return tuple(names.get(code.flat(), code) for code in codes)


def _logical(to: Translator, expr: tree.Logical, carry: Carry, stage: bool) -> Term:
    operands = tuple(map(to.plain, expr.operands))
    return Plain(Joined((expr.operator,) * (len(operands) - 1), operands))


# ---------------------------------------------------------------- conditions


def _conditional(to: Translator, expr: tree.Conditional, carry: Carry, stage: bool) -> Term:
    condition = to.known(to.plain(expr.condition), expr.condition.span)
    with side(to.scope) as then:
        then.term = to.evaluate(expr.then, carry, stage=stage)
    with side(to.scope) as otherwise:
        otherwise.term = to.evaluate(expr.otherwise, carry, stage=stage)
    if isinstance(then.term, Layer) or isinstance(otherwise.term, Layer):
        layers = to.as_layer(then.term, expr.then.span), to.as_layer(otherwise.term, expr.otherwise.span)
        return ChosenLayer(condition, *layers, expr.span)
    return choose(to, condition, (then, otherwise), carry, expr.span)


HANDLERS: dict[type[tree.Expr], Callable[[Translator, Any, Carry, bool], Term]] = {
    tree.Literal: _literal,
    tree.Name: calls.name,
    tree.Call: calls.call,
    tree.Attribute: _attribute,
    tree.Sequence: _sequence,
    tree.Unary: _unary,
    tree.Binary: _binary,
    tree.Comparison: _comparison,
    tree.Logical: _logical,
    tree.Conditional: _conditional,
    tree.Subscript: _subscript,
    tree.Chain: chains.chain,
    tree.Fork: chains.fork,
    tree.Shared: chains.shared,
    tree.Loop: chains.loop,
}
