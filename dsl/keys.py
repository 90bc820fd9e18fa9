"""Owns what a row of the document's tables is: a key, the JSON Schema of its value, what it is for, and how
it is read. From the rows come the schema, the reader and the documentation. Knows no particular key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from netwright.dsl.names import IDENTIFIER, RESERVED
from netwright.dsl.nodes import Node, Scalar
from netwright.dsl.reading import Reading
from netwright.dsl.records import record

JsonSchema = dict[str, Any]
Read = Callable[[Reading, Scalar, Node], Any]

_NUMBERS = {"integer": "a whole number", "number": "a number"}


@record
class Key:
    """`read` gives what stands in the tree for the value; `absent` stands there without the key. `field` is the
    attribute of the tree that holds it, if it is not called like the key."""

    name: str
    doc: str
    schema: JsonSchema
    read: Read
    field: str = ""
    absent: Any = None
    required: bool = False

    @property
    def attribute(self) -> str:
        return self.field or self.name


def mapping_of(keys: Iterable[Key], **more: Any) -> JsonSchema:
    """The schema of a mapping with exactly these keys."""
    rows = tuple(keys)
    required = [key.name for key in rows if key.required]
    return {
        "type": "object",
        "properties": {key.name: {"title": key.name, "description": key.doc, **key.schema} for key in rows},
        **({"required": required} if required else {}),
        "additionalProperties": False,
        **more,
    }


def named(value: Mapping[str, Any], **more: Any) -> JsonSchema:
    """The schema of a mapping from names to values."""
    return {"type": "object", "propertyNames": NAME, "additionalProperties": value, **more}


def definition(name: str) -> JsonSchema:
    return {"$ref": f"#/$defs/{name}"}


def number(kind: str, **limits: float) -> JsonSchema:
    """The schema of a number, or of an expression for one."""
    return {
        "type": [kind, "string"],
        "pattern": "^=",
        "patternErrorMessage": f"{_NUMBERS[kind]}, or an expression that begins with `=`",
        **limits,
    }


NAME = definition("name")
OUTPUT_NAME: JsonSchema = {"pattern": IDENTIFIER}
PRESET_NAME: JsonSchema = {"pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"}
FLOW = definition("flow")
VALUE = definition("value")
STAGES = definition("stages")
TEXT: JsonSchema = {"type": "string", "pattern": r"\S"}

_PLAIN_TYPES = ["string", "number", "boolean", "null", "array"]

DEFINITIONS: JsonSchema = {
    "name": {
        "title": "a name",
        "type": "string",
        "pattern": IDENTIFIER,
        "not": {"enum": sorted(RESERVED)},
    },
    "flow": {
        "title": "a flow expression",
        "type": "string",
        "pattern": r"\S",
        "examples": ["x -> conv2d(64, 3) -> relu", "dense(10, activation=softmax)"],
    },
    "tensor_type": {
        "title": "a tensor type",
        "type": "string",
        "pattern": r"\S",
        "patternErrorMessage": "a tensor type",
        "examples": ["f32[N, 224, 224, 3]"],
    },
    "value": {
        "title": "a value",
        "description": "A number, text, true or false, or a list of these. Text that begins with `=` is flow.",
        "type": _PLAIN_TYPES,
        "items": VALUE,
        "examples": [64, "same", [3, 4, 6, 3], "= 4 * width"],
    },
    "stage": {
        "title": "a layer",
        "description": "A layer as flow text, or as a mapping of its name to its arguments (or its only argument).",
        "type": ["string", "object"],
        "pattern": r"\S",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": {"pattern": r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$"},
        "additionalProperties": definition("arguments"),
        "examples": ["dense(10, activation=softmax)", {"dense": {"units": 10, "activation": "softmax"}}],
    },
    "arguments": {
        "title": "arguments",
        "description": "Arguments by name, or one positional argument, or nothing.",
        "type": [*_PLAIN_TYPES, "object"],
        "items": VALUE,
        "propertyNames": {"pattern": IDENTIFIER},
        "additionalProperties": VALUE,
        "examples": [{"units": 10, "activation": "softmax"}, 0.5],
    },
    "check": {
        "title": "a check",
        "description": "A condition as flow text; or a mapping of a preset's name to the condition, or the list of "
        "conditions, of that member.",
        "type": ["string", "object"],
        "pattern": r"\S",
        "minProperties": 1,
        "maxProperties": 1,
        "propertyNames": PRESET_NAME,
        "additionalProperties": {"type": ["string", "array"], "pattern": r"\S", "items": FLOW, "minItems": 1},
        "examples": ["params == 25_636_712", {"resnet101": ["params == 44_707_176", "macs == 7_832_000_000"]}],
    },
    "stages": {
        "title": "flow text or a list of layers",
        "type": ["string", "array"],
        "pattern": r"\S",
        "items": definition("stage"),
        "minItems": 1,
        "examples": ["image -> flatten -> dense(10)", ["flatten", "dense(10)"]],
    },
}
