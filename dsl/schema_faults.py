"""Owns the words for what the JSON Schema refuses: one function and code for each keyword of the schema, in
`FAULTS`. Knows no key of the document but the language version."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.keys import JsonSchema
from netwright.dsl.misplaced import mend_section
from netwright.dsl.names import name_fault
from netwright.dsl.nodes import Items, Map, Node, Scalar, describe, locate
from netwright.dsl.records import record
from netwright.dsl.source import Source, Span
from netwright.dsl.suggest import did_you_mean

_EXPECTED = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
    "array": "a list",
    "object": "a mapping",
}
_LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "greater than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
}
_SEVERAL = re.compile(r"\(?\s*(\w+(?:(?:\s*,\s*|\s+)\w+)+)\s*\)?")
_NO_SPACE = re.compile(r"([A-Za-z_]\w*:)\S")
_COUNTED = {"maxProperties": "key", "maxItems": "items", "maxLength": "character"}


@record
class Place:
    """Where the schema refuses the document: the node, the key it stands under, and the schema in force."""

    source: Source
    path: tuple[str | int, ...]
    key: Scalar | None
    node: Node
    schema: JsonSchema
    error: Any

    @cached_property
    def span(self) -> Span:
        """The node's first line; its key, or its dash, where nothing is written."""
        blank = isinstance(self.node, Scalar) and self.node.is_blank
        if blank and self.path and isinstance(self.path[-1], int):
            dash = self.source.text.rfind("-", 0, self.node.start)
            return Span(self.source, dash, dash + 1)
        return self.key.span(self.source) if blank and self.key else self.node.head(self.source)

    def __str__(self) -> str:
        if not self.path:
            return "the document"
        *above, last = self.path
        return f"item {last + 1} of `{_dotted(above)}`" if isinstance(last, int) else f"`{_dotted(self.path)}`"


Fault = Callable[[str, Place], Iterator[Diagnostic]]


def _wrong_type(code: str, place: Place) -> Iterator[Diagnostic]:
    expected = place.schema.get("patternErrorMessage") or _listed(
        [_EXPECTED[kind] for kind in _EXPECTED if kind in place.error.kind.types]
    )
    found = describe(place.node)
    label = f"found {found}, expected {expected}"
    help = mend_section(place.path, place.node) or _mend_type(place)
    yield Diagnostic(code, f"{place} must be {expected}, not {found}", place.span, label=label, help=help)


def _unknown_key(code: str, place: Place) -> Iterator[Diagnostic]:
    known = place.schema.get("properties", {})
    for name in place.error.kind.unexpected:
        key, _ = locate(place.node, [name])
        where = f"in `{_dotted(place.path)}`" if place.path else "of a spec"
        help = did_you_mean(name, known) or f"the keys are {', '.join(known)}"
        if key:
            yield Diagnostic(code, f"`{name}` is not a key {where}", key.head(place.source), help=help)


def _missing_key(code: str, place: Place) -> Iterator[Diagnostic]:
    name = place.error.kind.property
    needed_by = _needed_by(place, name)
    where = f"`{_dotted(place.path)}` lacks the key `{name}`" if place.path else f"the spec lacks the key `{name}`"
    help = "begin the file with `netwright: 1`" if name == "netwright" else None
    if needed_by is None:
        from_inputs = ": a model given as a list of layers starts from them"
        reason = from_inputs if "then" in place.error.schema_path else ""
        yield Diagnostic(code, where + reason, _lacking(place), help=help)
    else:
        yield Diagnostic(code, f"{where}, which `{needed_by.text}` needs", needed_by.span(place.source))


def _wrong_version(code: str, place: Place) -> Iterator[Diagnostic]:
    known = place.schema["const"]
    blank = isinstance(place.node, Scalar) and place.node.is_blank
    message = f"this compiler knows version {known} of the language, not {'none' if blank else place.span.text}"
    yield Diagnostic(code, message, place.span, help=f"write `netwright: {known}`")


def _not_a_name(code: str, place: Place) -> Iterator[Diagnostic]:
    name = str(place.error.kind.error.instance)
    key, _ = locate(place.node, [name])
    if key:
        yield name_fault(name, key.head(place.source))


def _bad_pattern(code: str, place: Place) -> Iterator[Diagnostic]:
    text = place.node.text if isinstance(place.node, Scalar) else ""
    if not text.strip():
        yield Diagnostic(code, f"{place} is empty", place.span)
    elif "patternErrorMessage" in place.schema:
        message = f"{place} must be {place.schema['patternErrorMessage']}"
        yield Diagnostic(code, message, place.span, help=_mend_type(place))
    else:
        yield name_fault(text, place.span, help=_several(text) if "array" in place.schema["type"] else None)


def _out_of_range(code: str, place: Place) -> Iterator[Diagnostic]:
    keyword = place.error.kind.name
    limit = place.schema[keyword]
    yield Diagnostic(code, f"{place} must be {_LIMITS[keyword]} {limit}, not {place.span.text}", place.span)


def _not_one_of(code: str, place: Place) -> Iterator[Diagnostic]:
    options = place.schema["enum"]
    listed = _listed([f"`{option}`" for option in options])
    help = did_you_mean(place.span.text, options)
    yield Diagnostic(code, f"{place} must be {listed}, not {place.span.text}", place.span, help=help)


def _too_few(code: str, place: Place) -> Iterator[Diagnostic]:
    what = "has too few items" if place.error.instance else "is empty"
    yield Diagnostic(code, f"{place} {what}", place.span)


def _too_many(code: str, place: Place) -> Iterator[Diagnostic]:
    keyword = place.error.kind.name
    most = f"{place.schema[keyword]} {_COUNTED[keyword]}"
    help = None
    if isinstance(place.node, Map):
        help = _quotes(place) if place.span.text.startswith("{") else "give each a dash of its own"
    yield Diagnostic(code, f"{place} must have {most}, not {len(place.error.instance)}", place.span, help=help)


def _no_source(code: str, place: Place) -> Iterator[Diagnostic]:
    """`oneOf` over required keys: exactly one of them must be there."""
    options = [option["required"][0] for option in place.schema["oneOf"] if "required" in option]
    given = [option for option in options if isinstance(place.node, Map) and place.node.get(option)]
    listed = _listed([f"`{option}`" for option in options])
    if given:
        span = locate(place.node, [given[1]])[0]
        message = f"{place} has more than one of {listed}"
        yield Diagnostic("invalid-value", message, span.span(place.source) if span else place.span)
    else:
        yield Diagnostic(code, f"{place} needs {listed}", _lacking(place))


def _repeated(code: str, place: Place) -> Iterator[Diagnostic]:
    seen: set[str] = set()
    for item in place.node.items if isinstance(place.node, Items) else ():
        text = item.span(place.source).text
        if text in seen:
            yield Diagnostic(code, f"{text} stands twice in {place}", item.span(place.source))
        seen.add(text)


FAULTS: dict[str, tuple[str, Fault]] = {
    "type": ("wrong-type", _wrong_type),
    "additionalProperties": ("unknown-key", _unknown_key),
    "required": ("missing-key", _missing_key),
    "const": ("language-version", _wrong_version),
    "propertyNames": ("invalid-name", _not_a_name),
    "pattern": ("invalid-value", _bad_pattern),
    "enum": ("invalid-value", _not_one_of),
    **dict.fromkeys(_LIMITS, ("invalid-value", _out_of_range)),
    **dict.fromkeys(("minItems", "minProperties", "minLength"), ("invalid-value", _too_few)),
    **dict.fromkeys(("maxItems", "maxProperties", "maxLength"), ("invalid-value", _too_many)),
    "oneOf": ("missing-key", _no_source),
    "uniqueItems": ("duplicate-name", _repeated),
}


# ---------------------------------------------------------------- words


def _mend_type(place: Place) -> str | None:
    node, types = place.node, getattr(place.error.kind, "types", ())
    if not isinstance(node, Scalar):
        return _mend_collection(place, node, types)
    if node.value is None:
        return "give it a value, or leave the key out"
    return _mend_text(place, node, types)


def _mend_text(place: Place, node: Scalar, types: Sequence[str]) -> str | None:
    colon = _NO_SPACE.match(node.text)
    if "object" in types and colon:
        return f"write a space after the colon: `{colon[1]} ...`"
    if "array" in types and "string" not in types:
        return f"put a dash and a space before each item: `- {place.span.text}`"
    if "boolean" in types and node.text.lower() in ("yes", "no", "on", "off"):
        return "write `true` or `false`: yes, no, on and off are text"
    if "string" in types and "patternErrorMessage" not in place.schema:
        return f'for text, put it in quotes: "{node.text}"'
    return "a number in quotes is text: leave the quotes out" if node.style and node.text else None


def _mend_collection(place: Place, node: Node, types: Sequence[str]) -> str | None:
    if isinstance(node, Items) and "object" in types and "string" not in types:
        return "leave the dashes out: each entry is `name: value`"
    in_braces = place.span.text.startswith("{") and "string" in types
    if isinstance(node, Map) and "array" in types and not in_braces:
        return "put a dash and a space before each item: `- ...`"
    return _quotes(place) if "string" in types else None


def _several(text: str) -> str | None:
    """The help where names of a list stand in one text: `y1, y2`."""
    match = _SEVERAL.fullmatch(text.strip())
    return f"several are a list: [{', '.join(re.split('[, ]+', match[1]))}]" if match else None


def _quotes(place: Place) -> str | None:
    """The help where flow text such as `{f, g}` or `x[: , 0]` was read as YAML."""
    opener = place.span.text[:1]
    if opener in ("{", "["):
        return f"YAML reads what begins with {opener} as its own: if text is meant, put it in quotes"
    return "YAML reads a colon and a space as `key: value`: if text is meant, put it in quotes"


def _needed_by(place: Place, name: str) -> Scalar | None:
    """The key that cannot stand without the missing one."""
    present = place.node.entries if isinstance(place.node, Map) else {}
    needed = place.schema.get("dependentRequired", {})
    return next((key for text, (key, _) in present.items() if name in needed.get(text, ())), None)


def _lacking(place: Place) -> Span:
    """Where a key is missing: the key of the mapping, or its first line."""
    if isinstance(place.node, Map) and place.path and isinstance(place.path[-1], str) and place.key:
        return place.key.span(place.source)
    return place.span


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _dotted(path: Any) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).removeprefix(".")
