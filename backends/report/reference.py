"""Owns what `netwright ops` shows: the catalogue by family, and the page of one operator or configuration object. What
a page says is read from the class (`compiler/ops/reference.py`); here it is only laid out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from netwright.backends.report.examples import Example, example
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.configuration import CONFIGURATIONS, Configuration
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Layer, Op, operator_classes
from netwright.compiler.ops.reference import AttributeLine, OperatorPage, describe
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.training import plan
from netwright.dsl.records import fields

#: what every layer takes; its page says so in one line
_COMMON = ("activity_regularizer", "trainable", "dtype", "autocast", "name")
#: modules whose import defines the losses, metrics, optimizers, schedules and callbacks
_TRAINING = plan.FAMILIES


def catalogue() -> dict[str, list[type[Declared]]]:
    """Every class of the catalogue by family, in the catalogue's order; training's objects by kind."""
    groups: dict[str, list[type[Declared]]] = {}
    for operator in operator_classes():
        groups.setdefault(_family(operator), []).append(operator)
    for configuration in dict.fromkeys(CONFIGURATIONS.values()):
        groups.setdefault(configuration.kind, []).append(configuration)
    return groups


def _family(cls: type[Declared]) -> str:
    return cls.kind if issubclass(cls, Configuration) else cls.__module__.rpartition(".")[2]


def find(name: str) -> list[type[Declared]]:
    """The classes of that flow name, Keras class name or alias: a loss and a metric may share one."""
    kinds = dict.fromkeys(kind for kind, _ in CONFIGURATIONS)
    candidates = [find_operator(name), *(find_configuration(name, kind) for kind in kinds)]
    return [cls for cls in candidates if cls is not None]


def known_names() -> list[str]:
    """Every name that `find` knows in flow."""
    return [*OPERATORS, *(name for _, name in CONFIGURATIONS)]


def first_sentence(cls: type[Declared]) -> str:
    """The docstring up to its first stop."""
    text = " ".join((cls.__doc__ or "").split())
    sentence = re.split(r"(?<=[^.\d])(?<!et al)[.;](?: |$)", text, maxsplit=1)[0].rstrip(".")
    return re.sub(r" \([^()]*$", "", sentence)  # of several sources the first


def catalogue_text(width: int | None) -> str:
    """A line for each, below its family; cut to a terminal's width."""
    lines = []
    for family, classes in catalogue().items():
        lines += ["", family.replace("_", " ")]
        longest = min(26, max(len(cls.name_in_flow) for cls in classes))
        for cls in classes:
            line = f"  {cls.name_in_flow:<{longest}}  {first_sentence(cls)}"
            lines.append(line if width is None or len(line) <= width else line[: width - 1] + "…")
    return "\n".join(lines[1:])


def catalogue_json() -> list[dict[str, str]]:
    """The catalogue as plain data."""
    return [
        {"name": cls.name_in_flow, "family": family, "keras": cls.keras, "about": first_sentence(cls)}
        for family, classes in catalogue().items()
        for cls in classes
    ]


# ---------------------------------------------------------------- one page


def page_json(cls: type[Declared]) -> dict[str, Any]:
    """The page of a class as plain data."""
    page = describe(cls)
    lines = [{name: getattr(line, name) for name in fields(AttributeLine)} for line in page.attributes]
    plain = {name: getattr(page, name) for name in fields(OperatorPage)}
    made = example(cls) if issubclass(cls, Op) else None
    shown = None if made is None else {name: getattr(made, name) for name in fields(Example)}
    return {"family": _family(cls), **plain, "attributes": lines, "example": shown}


def page_text(cls: type[Declared], width: int | None) -> str:
    """The page of a class for a terminal."""
    page, wide = describe(cls), width or 100
    made = _example_lines(cls)
    parts = [
        _wrapped(_shortened(cls, page), wide, "    "),
        _wrapped(page.formula, wide, ""),
        "\n".join(_attribute_lines(cls, page, wide)),
        "for example\n" + "\n".join(f"  {line}" for line in made) if made else "",
        "\n".join(f"{name:<9} {text}" for name, text in _facts(cls, page)),
    ]
    return "\n\n".join(filter(None, parts))


def _wrapped(text: str, width: int, indent: str) -> str:
    return textwrap.fill(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _shortened(cls: type[Declared], page: OperatorPage) -> str:
    """The signature, without what every layer takes."""
    common = [f"{line.name}={line.default}" for line in page.attributes if line.name in _hidden(cls)]
    text = page.signature
    for part in common:
        text = text.replace(f", {part}", "", 1).replace(f"({part}", "(", 1)
    return text.replace("(, ", "(").replace("()", "" if issubclass(cls, Op) else "()")


def _hidden(cls: type[Declared]) -> tuple[str, ...]:
    return tuple(name for name in _COMMON if name in cls.attributes()) if issubclass(cls, Layer) else ()


def _attribute_lines(cls: type[Declared], page: OperatorPage, width: int) -> Iterator[str]:
    shown = [line for line in page.attributes if line.name not in _hidden(cls)]
    longest = max((len(line.name) for line in shown), default=0)
    for line in shown:
        words = _wrapped(_expectation(line), max(40, width - longest - 4), "")
        yield textwrap.indent(words, " " * (longest + 4)).replace(" " * (longest + 4), f"  {line.name:<{longest}}  ", 1)


def _expectation(line: AttributeLine) -> str:
    default = "" if line.default == "" else f"; {line.default} by default"
    return f"{line.expected}{default}{', given where it is applied' if line.at_call else ''}"


def _facts(cls: type[Declared], page: OperatorPage) -> Iterator[tuple[str, str]]:
    if issubclass(cls, WrittenLayer):
        yield "Keras", f"lacks it: `emit` writes the class {cls.__name__} into the module"
    elif page.keras:
        yield "Keras", f"keras.{page.keras}"
    yield "family", _family(cls).replace("_", " ")
    if page.aliases:
        yield "also", ", ".join(page.aliases)
    if _hidden(cls) and page.attributes:
        yield "common", f"every layer takes {', '.join(_hidden(cls))}"
    for name, reason in page.left_out:
        yield "left out", f"{name}: {reason}"


def _example_lines(cls: type[Declared]) -> list[str]:
    """A call with what comes of it, its weights and its cost; nothing for what is no operator."""
    made = example(cls) if issubclass(cls, Op) else None
    if made is None:
        return []
    lines = [*made.blocks, f"{made.call}  gives  {', '.join(made.outputs)}", *made.weights]
    return [*lines, f"{_figure(made.macs)} MACs, {_figure(made.flops)} FLOPs an example"]


def _figure(cost: int | str | None) -> str:
    return f"{cost:,}" if isinstance(cost, int) else cost or "unknown"


# ---------------------------------------------------------------- the whole catalogue as a page


def catalogue_markdown() -> str:
    """Every operator with its page, by family, as Markdown (`docs/operators.md`)."""
    lines = ["# Operators", "", _ABOUT, ""]
    families = {family: [cls for cls in classes if issubclass(cls, Op)] for family, classes in catalogue().items()}
    shown = {family: classes for family, classes in families.items() if classes}
    lines += [
        f"- [{family.replace('_', ' ')}](#{family.replace('_', '-')}): {_names(shown[family])}" for family in shown
    ]
    for family, classes in shown.items():
        lines += ["", f"## {family.replace('_', ' ')}"]
        for cls in classes:
            lines += ["", *_section(cls)]
    return "\n".join(lines)


_ABOUT = """Written by `netwright ops --format markdown`; `netwright ops NAME` says more of one. Every example is
compiled when this page is made, and the catalogue is compared with Keras by tests. MACs and FLOPs are of one example
([what they count](costs.md))."""


def _names(classes: Iterable[type[Declared]]) -> str:
    return ", ".join(f"`{cls.name_in_flow}`" for cls in classes)


def _section(cls: type[Declared]) -> list[str]:
    page = describe(cls)
    lines = [f"### {cls.name_in_flow}", "", page.formula, "", "```text", _wrapped(_shortened(cls, page), 110, "    ")]
    lines += ["", *_example_lines(cls), "```"]
    facts = "; ".join(f"{name} {text}" for name, text in _facts(cls, page) if name not in {"family", "common"})
    return [*lines, "", facts] if facts else lines
