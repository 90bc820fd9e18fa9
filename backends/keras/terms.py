"""Owns what a flow expression becomes while Python is written for it: a plain value, a tensor, several tensors, or a
layer. A term may still be pending: an expression that no statement holds yet. What layers do is in `layers_*.py`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from netwright.backends.keras.evidence import Types
from netwright.backends.keras.syntax import Atom, Code, Display, Size, Starred, parts
from netwright.dsl.source import Span

if TYPE_CHECKING:
    from netwright.backends.keras.scope import Carry
    from netwright.backends.keras.translator import Translator

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Term:
    """What an expression means in Python."""


@dataclass(frozen=True, slots=True)
class Plain(Term):
    """A number, string, boolean, none, dim, or a list of such."""

    code: Code


@dataclass(frozen=True, slots=True)
class Unknown(Code):
    """A name whose value is not known while the model is built: a dim that is symbolic in some call."""

    text: str

    def flat(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Tensor(Term):
    """One tensor. `applied`: the expression applies a layer, so a statement must hold it before anything else happens.
    `temps`: variables that nothing else will read. `eager`: it depends on no input and is computed at once. `types`:
    those that it was seen with."""

    code: Code
    applied: bool = False
    temps: frozenset[str] = NOTHING
    eager: bool = False
    types: Types = ()


@dataclass(frozen=True, slots=True)
class Tensors(Term):
    """A Python tuple or list of tensors; `count` where it is known."""

    code: Code
    count: int | None
    applied: bool = False
    temps: frozenset[str] = NOTHING
    eager: bool = False


@dataclass(frozen=True, slots=True)
class Items(Term):
    """Several terms that are not all plain: operands of a layer, or a list of layers."""

    items: tuple[Term, ...]
    kind: Literal["tuple", "list"] = "tuple"


@dataclass(frozen=True, slots=True)
class Given:
    """The arguments of an operator: of its configuration, by position and by name, and of its call."""

    positional: tuple[Code, ...] = ()
    keywords: tuple[tuple[str, Code], ...] = ()
    call: tuple[tuple[str, Code], ...] = ()


@dataclass(frozen=True, slots=True)
class BlockArgument:
    """One argument of a call, by name unless that is none."""

    name: str | None
    term: Term
    place: Span


class Layer(Term):
    """Anything that takes tensors to tensors. Each application makes weights of its own unless it is shared."""

    __slots__ = ()
    #: whether a name of its own is worth a function
    is_compound: ClassVar[bool] = False

    @abstractmethod
    def apply(self, to: Translator, operand: Term, place: Span, carry: Carry) -> Term:
        """What it makes of the operand, whose layers are all in statements. What the layer needs before its last
        application is written as statements that assign to the carry."""

    @abstractmethod
    def function(self, to: Translator) -> Code:
        """It as a Python function of tensors."""

    def instance(self, to: Translator, place: Span) -> Code:
        """It as a Keras layer that is made but not applied."""
        return to.refuse("no Keras layer stands for this where one is wrapped", place)

    def operands(self) -> int:
        """How many tensors it takes; a function of it has as many parameters. 0: any number."""
        return 1

    def layers_in_sequence(self) -> tuple[Layer, ...] | None:
        """The Keras layers, each of one tensor, that it applies one after another, if it does only that."""
        return None


Flowing = Tensor | Tensors


def is_unknown(code: Code) -> bool:
    """Whether some size in the expression is not known while the model is built."""
    return any(isinstance(part, Unknown) or (isinstance(part, Size) and not part.known) for part in parts(code))


def is_variable(code: Code) -> bool:
    """Whether the expression is a name."""
    return isinstance(code, Atom) and code.text.isidentifier()


def flowing(term: Term) -> Iterator[Flowing]:
    """The tensors in a term."""
    if isinstance(term, (Tensor, Tensors)):
        yield term
    elif isinstance(term, Items):
        for item in term.items:
            yield from flowing(item)


def temps_of(terms: Iterable[Term]) -> frozenset[str]:
    """The variables that nothing reads once these terms are used."""
    return frozenset(name for term in terms for each in flowing(term) for name in each.temps)


def operand_codes(operand: Term) -> tuple[Code, ...]:
    """The expressions of an operand, one an argument of a call."""
    if isinstance(operand, Items):
        return tuple(code for item in operand.items for code in operand_codes(item))
    if isinstance(operand, Tensors):
        return (Starred(operand.code),)
    assert isinstance(operand, (Tensor, Plain)), operand
    return (operand.code,)


def list_code(operand: Term) -> Code:
    """The expression of an operand as one list."""
    if isinstance(operand, Tensors):
        return operand.code
    return Display("list", operand_codes(operand))


def variables_in(item: Any) -> set[str]:
    """The Python variables that a term's expressions read."""
    if isinstance(item, Code):
        return {part.text for part in parts(item) if isinstance(part, (Atom, Unknown)) and part.text.isidentifier()}
    if isinstance(item, (tuple, dict)):
        return set[str]().union(*map(variables_in, item.values() if isinstance(item, dict) else item))
    if isinstance(item, (Term, Given, BlockArgument)):
        return set[str]().union(*(variables_in(getattr(item, each.name)) for each in fields(item)))
    return set()


def pending(term: Term) -> bool:
    """Whether a layer's application in the term is in no statement yet."""
    return any(each.applied for each in flowing(term))


def stated(term: Flowing, name: str, temps: frozenset[str]) -> Flowing:
    """The term once a variable holds it."""
    return replace(term, code=Atom(name), applied=False, temps=temps)
