"""Owns what is said of a name that stands for nothing: code, message, and the likely meaning. Two ask: the pass that
reads every body (`name_check.py`) and the evaluation of expressions (`calling.py`). Knows no expression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from netwright.compiler.ops.attributes import Attribute
from netwright.compiler.ops.catalogue import find_configuration, find_operator
from netwright.compiler.ops.registry import OPERATORS
from netwright.compiler.other_names import other_layer
from netwright.compiler.scope import Module
from netwright.compiler.value_functions import VALUE_FUNCTIONS
from netwright.dsl import tree
from netwright.dsl.suggest import did_you_mean

#: annotations of attributes whose values are words, numbers or none
_WORD_TYPES = frozenset({"str", "CaseFolded", "DType", "bool", "int", "float", "None"})
#: more names than this are not listed
MOST_LISTED = 8


class Unknown(NamedTuple):
    """A diagnostic without its place."""

    code: str
    message: str
    help: str | None


def unknown_name(name: str, module: Module, bound: Sequence[str], *, stage: bool) -> Unknown:
    """What a name is that is no binding, param, block, layer or operator. `bound` are the names of the body; `stage`:
    it stands where a layer is wanted."""
    if name in VALUE_FUNCTIONS:
        return Unknown("wrong-kind", f"{name} is a function: write {name}(...)", None)
    if name in module.uses:
        return Unknown("wrong-kind", f"'{name}' is another spec: write {name}.block(...)", None)
    if find_configuration(name) is not None or _is_word(name):
        message = f"'{name}' means something only as an operator's argument"
        return Unknown("unknown-name", message, f'where a block takes it as an argument, write it in quotes: "{name}"')
    if any(entry.name == name for entry in module.spec.layers):
        cure = "a used spec lends its blocks alone: give the block the layer as an argument"
        return Unknown("unknown-name", f"'{name}' is a shared layer of {module.spec.source.name}", cure)
    known = [*bound, *module.names()]
    if stage:
        message = f"no layer, block or operator '{name}' is known here"
        near = did_you_mean(name, (*known, *OPERATORS, *VALUE_FUNCTIONS))
        return Unknown("unknown-operator", message, other_layer(name) or near)
    help = did_you_mean(name, known) or did_you_mean(name, OPERATORS) or _listing(known)
    return Unknown("unknown-name", f"no name '{name}' is known here", help)


def unknown_word(name: str, attribute: Attribute, module: Module, bound: Sequence[str]) -> Unknown:
    """What a bare name is that an attribute with words of its own does not take."""
    other = find_configuration(name)
    if other is not None:
        message = f"'{attribute.name}': expected {attribute.type.expected}, found {name} of keras.{other.kind}"
        return Unknown("invalid-argument", message, None)
    words = attribute.choices
    help = did_you_mean(name, (*words, *bound, *module.names()))
    if help is None and len(words) <= MOST_LISTED:
        help = "it takes " + ", ".join(words)
    return Unknown("unknown-name", f"'{attribute.name}': no name '{name}' is known here", help)


def takes_words_alone(attribute: Attribute) -> bool:
    """Whether no operator can stand for the attribute: its values are words of its own."""
    return bool(attribute.choices) and _WORD_TYPES.issuperset(attribute.annotation.split(" | "))


def unknown_block(alias: str, name: str, used: Module) -> Unknown:
    """What `alias.name` is where the used spec has no such block."""
    help = did_you_mean(name, used.blocks) or _listing(used.blocks, f"'{alias}' has ")
    return Unknown("unknown-name", f"'{alias}' has no block '{name}'", help)


def unknown_function(module: str, name: str) -> Unknown:
    """What `ops.name` is where the catalogue has no such function."""
    functions = [known.removeprefix(f"{module}.") for known in OPERATORS if known.startswith(f"{module}.")]
    help = did_you_mean(name, functions) or (f"write {name} alone" if find_operator(name) else None)
    return Unknown("unknown-operator", f"keras.{module} has no '{name}' here", help)


def unknown_module(name: str, member: str) -> Unknown | None:
    """What `keras.layers` or `nn` is before the name of an operator."""
    operator = find_operator(member)
    if operator is None:
        return None
    help = f"operators stand without a module before them: {operator.name_in_flow.removeprefix('ops.')}"
    return Unknown("unknown-name", f"no name '{name}' is known here", help)


def bracketed_arguments(name: str, given: Sequence[tree.Expr]) -> Unknown:
    """What `dense[3]` is."""
    arguments = ", ".join(item.span.text.strip() for item in given)
    return Unknown("wrong-kind", f"'{name}' has no items", f"arguments stand in parentheses: {name}({arguments})")


def _is_word(name: str) -> bool:
    """Whether some operator takes the name as one of its own words, such as `same` for padding."""
    return any(
        name in attribute.choices for operator in OPERATORS.values() for attribute in operator.attributes().values()
    )


def _listing(names: Iterable[str], before: str = "the names here are ") -> str | None:
    listed = [name for name in dict.fromkeys(names) if name != "_"]
    return before + ", ".join(listed) if 0 < len(listed) <= MOST_LISTED else None
