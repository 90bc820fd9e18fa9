"""Owns what `netwright ops` shows: the catalogue by family, and the page of one operator or configuration object. What
a page says is read from the class (`compiler/ops/reference.py`); here it is only laid out."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from typing import Any

from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import FAMILIES, find_configuration, find_operator
from netwright.compiler.ops.configuration import CONFIGURATIONS, Configuration
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import OPERATORS, Op, OpError, operator_classes
from netwright.compiler.ops.reference import AttributeLine, OperatorPage, describe
from netwright.compiler.training import plan
from netwright.compiler.types import TensorType
from netwright.compiler.values import show_declared
from netwright.dsl.records import fields

#: what every layer takes; its page says so in one line
_COMMON = ("activity_regularizer", "trainable", "dtype", "autocast", "name")
#: sizes for an example, where an operator must be given some
_SIZES: dict[str, Any] = {"units": 10, "filters": 8, "kernel_size": 3, "num_heads": 2, "key_dim": 8, "input_dim": 100}
_SIZES |= {"output_dim": 8, "n": 5, "rate": 0.5, "dims": (2, 1), "num_query_heads": 4, "num_key_value_heads": 2}
_SIZES |= {"head_dim": 8}
_SHAPES = ((32, 16), (32, 12, 16), (32, 12, 12, 16), (32, 12, 12, 12, 16))
#: modules whose import defines the losses, metrics, optimizers, schedules and callbacks
_TRAINING = plan.FAMILIES


def catalogue() -> dict[str, list[type[Declared]]]:
    """Every class of the catalogue by family, in the catalogue's order; training's objects by kind."""
    groups: dict[str, list[type[Declared]]] = {family: [] for family in FAMILIES}
    for operator in operator_classes():
        groups.setdefault(_family(operator), []).append(operator)
    for configuration in dict.fromkeys(CONFIGURATIONS.values()):
        groups.setdefault(configuration.kind, []).append(configuration)
    return {family: classes for family, classes in groups.items() if classes}


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
    return {"family": _family(cls), **plain, "attributes": lines, "example": example(cls)}


def page_text(cls: type[Declared], width: int | None) -> str:
    """The page of a class for a terminal."""
    page, wide = describe(cls), width or 100
    made = example(cls)
    parts = [
        _wrapped(_shortened(cls, page), wide, "    "),
        _wrapped(page.formula, wide, ""),
        "\n".join(_attribute_lines(cls, page, wide)),
        "" if made is None else "for example\n" + "\n".join(f"  {line}" for line in made),
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
    return _COMMON if cls.keras.startswith("layers.") else ()


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
    if page.keras:
        yield "Keras", f"keras.{page.keras}"
    yield "family", _family(cls).replace("_", " ")
    if page.aliases:
        yield "also", ", ".join(page.aliases)
    if _hidden(cls) and page.attributes:
        yield "common", f"every layer takes {', '.join(_COMMON)}"
    for name, reason in page.left_out:
        yield "left out", f"{name}: {reason}"


def example(cls: type[Declared]) -> list[str] | None:
    """A call with its output and weights, a line each; None where no small one is known."""
    if not issubclass(cls, Op):
        return None
    required = [name for name, attribute in cls.attributes().items() if attribute.required]
    if not set(required) <= _SIZES.keys():
        return None
    count = cls.fewest if cls.variadic else len(cls.operands) - len(cls.optional_operands)
    for shape in _SHAPES:
        try:
            op = cls.make(**{name: _SIZES[name] for name in required})
            return _example(op, [TensorType("i32" if "embedding" in cls.name_in_flow else "f32", shape)] * count)
        except (OpError, AttributeFault):
            continue
    return None


def _example(op: Op, operands: list[TensorType]) -> list[str]:
    outputs = op.infer(*operands)
    shown = ", ".join(map(str, outputs)) if isinstance(outputs, tuple) else str(outputs)
    before = ", ".join(map(str, operands))
    before = {0: "", 1: f"{before} -> "}.get(len(operands), f"({before}) -> ")
    lines = [f"{before}{show_declared(op)}  gives  {shown}"]
    for weight in op.weights(*map(op.prepare, operands)):
        kind = "" if weight.trainable else ", not trained"
        lines.append(f"{weight.name}: {TensorType(weight.dtype, weight.shape)}{kind}")
    return lines
