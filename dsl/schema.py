"""Owns the JSON Schema of a spec, generated from the tables of keys: what `netwright schema` publishes is
what the reader validates with."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from netwright.dsl.keys import DEFINITIONS, JsonSchema, mapping_of
from netwright.dsl.sections import SECTIONS

if TYPE_CHECKING:
    import jsonschema_rs


def schema() -> JsonSchema:
    """The JSON Schema (draft 2020-12) of a spec; the caller may change it."""
    from copy import deepcopy

    return deepcopy(document_schema())


@cache
def document_schema() -> JsonSchema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:netwright:spec:1",
        "title": "Netwright spec",
        "description": "A neural network, its hyperparameters, what it claims of itself, and how it is trained.",
        **mapping_of(SECTIONS),
        "if": {"properties": {"model": {"type": "array"}}, "required": ["model"]},
        "then": {"required": ["inputs"]},
        "$defs": DEFINITIONS,
    }


@cache
def validator() -> jsonschema_rs.Draft202012Validator:
    """The compiled schema, made once a process."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(document_schema())
