"""Owns the way from what the JSON Schema refuses to the nodes of the document. The words for it are in
`schema_faults.py`. Knows no key, and is loaded only for documents with something wrong in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from netwright.dsl.diagnostics import CompilerBug, Diagnostics
from netwright.dsl.keys import JsonSchema
from netwright.dsl.nodes import Broken, Node, locate
from netwright.dsl.schema import document_schema
from netwright.dsl.schema_faults import FAULTS, Place
from netwright.dsl.source import Source

# After these the rest of the mapping is still read, for the other mistakes in it.
_READABLE = frozenset({"additionalProperties", "required", "propertyNames", "oneOf", "uniqueItems"})


def report_refusals(source: Source, root: Node, errors: Iterable[Any], found: Diagnostics) -> set[int]:
    """Report the errors of jsonschema-rs. The ids of the nodes that are not to be read."""
    places = [_place(source, root, error) for error in errors]
    mistyped = {place.path for place in places if _keyword(place) == "type"}
    bad = set()
    for place in places:
        keyword = _keyword(place)
        if isinstance(place.node, Broken) or (keyword != "type" and place.path in mistyped):
            continue
        code, faults = FAULTS[keyword]
        for diagnostic in faults(code, place):
            found.add(diagnostic)
        if keyword not in _READABLE:
            bad.add(id(place.node))
    return bad


def _place(source: Source, root: Node, error: Any) -> Place:
    path = tuple(error.instance_path)
    return Place(source, path, *locate(root, path), _schema_at(error.schema_path[:-1]), error)


def _keyword(place: Place) -> str:
    keyword = str(place.error.kind.name)
    if keyword not in FAULTS:
        raise CompilerBug(f"the schema uses {keyword!r}, which validation.py has no words for")
    return keyword


def _schema_at(path: list[str | int]) -> JsonSchema:
    """The schema that a path of keywords leads to; references on the way are followed."""
    at: Any = document_schema()
    for step in path:
        at = document_schema()["$defs"][at["$ref"].rpartition("/")[2]] if step == "$ref" else at[step]
    return at if isinstance(at, dict) else {}
