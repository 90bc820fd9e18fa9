"""Owns signatures and the binding of a call's arguments to one: positional before keyword, unknown, missing and double
ones, with the place of each. Knows neither what evaluates them nor what they configure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netwright.compiler.ops.declared import Declared
from netwright.compiler.session import Poisoned, Session
from netwright.dsl.records import record
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree import Argument, Block


@record
class Signature:
    """What a call may give: `positional` names in order, `keyword` names besides, `required` ones. `what` is how the
    thing called is named in messages."""

    what: str
    positional: Sequence[str]
    keyword: Sequence[str]
    required: Sequence[str]

    def names(self) -> Iterable[str]:
        return (*self.positional, *self.keyword)

    def fits(self, arguments: Sequence[Argument]) -> bool:
        """Whether `bind` finds nothing wrong with these arguments."""
        given = set()
        for position, argument in enumerate(arguments):
            name = argument.name
            if name is None:
                if position >= len(self.positional):
                    return False
                name = self.positional[position]
            if name in given or (argument.name and name not in self.positional and name not in self.keyword):
                return False
            given.add(name)
        return given.issuperset(self.required)


_SIGNATURES: dict[type[Declared], Signature] = {}


def signature(cls: type[Declared]) -> Signature:
    """The signature of an operator or a configuration object."""
    if cls not in _SIGNATURES:
        attributes = cls.attributes().values()
        _SIGNATURES[cls] = Signature(
            cls.name_in_flow,
            tuple(item.name for item in attributes if not item.keyword_only),
            tuple(item.name for item in attributes if item.keyword_only),
            tuple(item.name for item in attributes if item.required),
        )
    return _SIGNATURES[cls]


def block_signature(block: Block) -> Signature:
    """The signature of a block, as its header gives it."""
    required = [parameter.name for parameter in block.parameters if parameter.default is None]
    return Signature(block.name, [parameter.name for parameter in block.parameters], (), required)


def bind(session: Session, signature: Signature, arguments: Sequence[Argument], span: Span) -> dict[str, Argument]:
    """The arguments by parameter name. All faults are reported; then the call is given up."""
    bound: dict[str, Argument] = {}
    faulty = False
    for position, argument in enumerate(arguments):
        try:
            name = _parameter(session, signature, argument, position)
            if name in bound:
                session.fail("duplicate-argument", f"{signature.what} gets '{name}' twice", argument.span)
            bound[name] = argument
        except Poisoned:
            faulty = True
    check_required(session, signature, bound, span, silent=faulty)
    if faulty:
        raise Poisoned
    return bound


def check_required(
    session: Session, signature: Signature, bound: Mapping[str, object], span: Span, *, silent: bool = False
) -> None:
    """Refuse a call that leaves out what has no default."""
    missing = [name for name in signature.required if name not in bound]
    if missing and not silent:
        names = ", ".join(f"'{name}'" for name in missing)
        help = f"{signature.what}({', '.join((*signature.required, '...'))})"
        session.fail("missing-argument", f"{signature.what} needs {names}", span, help=f"write {help}")


def _parameter(session: Session, signature: Signature, argument: Argument, position: int) -> str:
    if argument.name is None:
        if position < len(signature.positional):
            return signature.positional[position]
        most = len(signature.positional)
        session.fail(
            "too-many-arguments",
            f"{signature.what} takes {most or 'no'} positional argument{'' if most == 1 else 's'}",
            argument.span,
            help="give it by name" if signature.keyword else None,
        )
    if argument.name in signature.names():
        return argument.name
    known = ", ".join(signature.names())
    session.fail(
        "unknown-argument",
        f"{signature.what} has no argument '{argument.name}'",
        argument.span,
        help=did_you_mean(argument.name, signature.names()) or (f"it takes {known}" if known else "it takes none"),
    )
