"""Owns signatures and the binding of a call's arguments to one: positional before keyword, unknown, missing and double
ones, with the place of each. Knows neither what evaluates them nor what they configure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from netwright.compiler.ops.declared import Declared
from netwright.compiler.other_names import other_argument
from netwright.compiler.session import Poisoned, Session
from netwright.dsl import tree
from netwright.dsl.diagnostics import Label
from netwright.dsl.records import record
from netwright.dsl.source import Span
from netwright.dsl.suggest import did_you_mean
from netwright.dsl.tree import Argument, Block, Extern


@record
class Signature:
    """What a call may give: `positional` names in order, `keyword` names besides, `required` ones. `what` is how the
    thing called is named in messages; `header` how it would be headed if it were the layer that it is not."""

    what: str
    positional: Sequence[str]
    keyword: Sequence[str]
    required: Sequence[str]
    header: str | None = None

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


def block_signature(block: Block | Extern) -> Signature:
    """The signature of a block or an extern, as its header gives it."""
    names = [parameter.name for parameter in block.parameters]
    required = [parameter.name for parameter in block.parameters if parameter.default is None]
    header = f"{names[0]} -> {block.name}({', '.join(names[1:])})" if block.is_function and names else None
    return Signature(block.name, names, (), required, header)


def bind(session: Session, signature: Signature, arguments: Sequence[Argument], span: Span) -> dict[str, Argument]:
    """The arguments by parameter name. All faults are reported; then the call is given up."""
    bound: dict[str, Argument] = {}
    surplus = _surplus(signature, arguments)
    faulty = bool(surplus)
    if surplus:
        _report_surplus(session, signature, arguments, surplus)
    for position, argument in enumerate(arguments):
        if argument in surplus:
            continue
        try:
            name = _parameter(session, signature, argument, position)
            if name in bound:
                label, help = _place_taken(signature, arguments, bound[name])
                message, labels = f"{signature.what} gets '{name}' twice", (Label(bound[name].span, label),)
                session.fail("duplicate-argument", message, argument.span, labels=labels, help=help)
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
        help = f"write {signature.what}({', '.join((*signature.required, '...'))})"
        if signature.header is not None:
            help += f"; it is a function of values, a layer is headed `{signature.header}`"
        session.fail("missing-argument", f"{signature.what} needs {names}", span, help=help)


def _place_taken(signature: Signature, arguments: Sequence[Argument], first: Argument) -> tuple[str, str | None]:
    """What is to be said of the argument that was given first, and how the call was meant."""
    if first.name is not None:
        return "first given here", None
    return "given here by its place", _along_arrows(signature, arguments)


def _surplus(signature: Signature, arguments: Sequence[Argument]) -> list[Argument]:
    """The positional arguments that are too many."""
    return [argument for argument in arguments[len(signature.positional) :] if argument.name is None]


def _report_surplus(
    session: Session, signature: Signature, arguments: Sequence[Argument], surplus: Sequence[Argument]
) -> None:
    most = len(signature.positional)
    message = f"{signature.what} takes {most or 'no'} positional argument{'' if most == 1 else 's'}"
    span = surplus[0].span.to(surplus[-1].span)
    session.report("too-many-arguments", message, span, help=_instead(signature, arguments))


def _instead(signature: Signature, arguments: Sequence[Argument]) -> str | None:
    """How to write what was given by too many positional arguments."""
    if len(signature.positional) == 1:
        values = (argument.span.text.strip() for argument in arguments if argument.name is None)
        return f"brackets make a list: {signature.what}([{', '.join(values)}])"
    if signature.positional:
        return f"it takes {', '.join(signature.names())}"
    named = f"by name it takes {', '.join(signature.keyword)}" if signature.keyword else None
    return _along_arrows(signature, arguments) or named


def _along_arrows(signature: Signature, arguments: Sequence[Argument]) -> str | None:
    """How the call is written if its positional arguments are tensors; None where they cannot be."""
    given = [argument for argument in arguments if argument.name is None]
    if any(isinstance(argument.value, tree.Literal) for argument in given):
        return None
    named = ", ".join(argument.span.text.strip() for argument in arguments if argument.name is not None)
    return f"tensors flow along arrows: write `{before_arrow(given)} -> {signature.what}{named and f'({named})'}`"


def before_arrow(tensors: Sequence[Argument]) -> str:
    """How tensors that stand in parentheses are written before an arrow."""
    groups = (item.value.items if isinstance(item.value, tree.Sequence) else (item.value,) for item in tensors)
    items = [item for group in groups for item in group]
    texts = ", ".join(item.span.text.strip() for item in items)
    return texts if len(items) == 1 and isinstance(items[0], (tree.Name, tree.Subscript)) else f"({texts})"


def _parameter(session: Session, signature: Signature, argument: Argument, position: int) -> str:
    if argument.name is None:
        return signature.positional[position]
    if argument.name in signature.names():
        return argument.name
    message = f"{signature.what} has no argument '{argument.name}'"
    session.fail("unknown-argument", message, argument.span, help=_meant(argument.name, tuple(signature.names())))


def _meant(name: str, known: Sequence[str]) -> str:
    """The arguments that may be meant by a name that is none."""
    listing = f"it takes {', '.join(known) or 'none'}"
    return other_argument(name, known) or did_you_mean(name, known) or listing
