"""Owns the binding of a call's arguments to a signature: positional before keyword, unknown, missing and double ones,
with the place of each. Knows neither what evaluates them nor what they configure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from netwright.compiler.session import Poisoned, Session
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree import Argument


@dataclass(frozen=True, slots=True)
class Signature:
    """What a call may give: `positional` names in order, `keyword` names besides, `required` ones. `what` is how the
    thing called is named in messages."""

    what: str
    positional: Sequence[str]
    keyword: Sequence[str]
    required: Sequence[str]

    def names(self) -> Iterable[str]:
        return (*self.positional, *self.keyword)


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
