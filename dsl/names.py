"""Owns what may be a name in a spec: the form of identifiers, the words that are taken, and that no name
is introduced twice. Knows nothing of operators: a param may be called like one."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.source import Span

IDENTIFIER = "^[A-Za-z_][A-Za-z0-9_]*$"
KEYWORDS = frozenset("if else for in and or not shared true false none null True False None".split())
DTYPES = frozenset("f16 bf16 f32 f64 i8 i16 i32 i64 u8 u16 u32 u64 bool str".split())
FIGURES = frozenset("output params trainable_params non_trainable_params macs flops".split())
RESERVED = KEYWORDS | DTYPES | FIGURES

_TAKEN_BY = (
    (KEYWORDS, "is a word of the flow language"),
    (DTYPES, "is a dtype"),
    (FIGURES, "is what `checks` call a figure of the model"),
)


def name_fault(name: str, span: Span, help: str | None = None) -> Diagnostic:
    """What is wrong with `name`, which is known not to be a valid name. `help`: a likelier cure than another name."""
    taken = next((why for words, why in _TAKEN_BY if name in words), None)
    if taken:
        message = f"`{name}` {taken} and cannot be a name"
        return Diagnostic("invalid-name", message, span, help=f"write `{name}_` or another name")
    return Diagnostic("invalid-name", f"{name!r} is not a name", span, help=help or _plainer(name))


def _plainer(name: str) -> str:
    rule = "a name is letters, digits and underscores, and does not begin with a digit"
    plainer = re.sub("[- .]", "_", name.strip())
    return f"write `{plainer}`: {rule}" if re.match(IDENTIFIER, plainer) and plainer not in RESERVED else rule


def duplicate_names(introduced: Iterable[tuple[str, str, Span]]) -> Iterable[Diagnostic]:
    """One diagnostic for every name introduced again. `introduced`: (what it names, name, place)."""
    first: dict[str, tuple[str, Span]] = {}
    for what, name, span in sorted(introduced, key=lambda each: each[2].start):
        earlier, place = first.setdefault(name, (what, span))
        if place is not span:
            yield Diagnostic(
                "duplicate-name",
                f"`{name}` names two things: {_two(earlier, what)}",
                span,
                labels=(Label(place, "first named here"),),
                help="rename one of them",
            )


def _two(what: str, other: str) -> str:
    return f"two {what}s" if what == other else f"{_article(what)} and {_article(other)}"


def _article(what: str) -> str:
    return f"{'an' if what[0] in 'aeio' else 'a'} {what}"
