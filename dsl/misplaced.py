"""Owns how to mend a section that holds what newcomers put there: sizes in place of a type, a list of layers in place
of names, sections within the model. Knows those sections by name, and nothing of the words for other faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from netwright.dsl.nodes import Items, Map, Node, Scalar
from netwright.dsl.schema import document_schema

_EXAMPLE = "f32[N, 28, 28, 1]"
_SIZE = re.compile(r"[A-Za-z_]\w*|[1-9]\d*")
_OPEN = frozenset({"None", "none", "null", "-1", "?"})
_BATCH = _OPEN | {"N", "B", "batch", "batch_size"}


def mend_section(path: Sequence[str | int], node: Node) -> str | None:
    """The help for the wrong kind of thing at `path`, or None where no section is known to be so mistaken."""
    mend = _MENDS.get((path[0], len(path))) if path else None
    return mend(node) if mend else None


def _inputs(node: Node) -> str | None:
    if isinstance(node, Items) and all(isinstance(item, Map) for item in node.items):
        return "leave the dashes out: each entry is `name: type`"
    if isinstance(node, Scalar) and ":" in node.text:
        return None
    text = node.text if isinstance(node, Scalar) and "[" in node.text else _type(node)
    return f"name each input, and give its type: `image: {text}`"


def _input(node: Node) -> str | None:
    return f"write its type: `{_type(node)}`"


def _layers(node: Node) -> str | None:
    if not isinstance(node, Items):
        return None
    return "a list of layers stands under `model`; under `layers` are shared ones by name, `tower: dense(64)`"


def _body(node: Node) -> str | None:
    keys = node.entries if isinstance(node, Map) else ()
    sections = [key for key in keys if key in document_schema()["properties"]]
    if not sections:
        return None
    beside = ", ".join(f"`{key}`" for key in sections if key != "layers")
    elsewhere = f"begin {beside} in the first column, like `model`; " if beside else ""
    return f"{elsewhere}the layers stand here without a key, as text or with a dash each"


def _type(node: Node) -> str:
    """The type that sizes stand for, `f32[N, 28, 28, 1]`; an example where they are none."""
    if isinstance(node, Map):
        shape = node.get("shape")
        return _EXAMPLE if shape is None else _type(shape)
    items = node.items if isinstance(node, Items) else [node]
    sizes = [item.text for item in items if isinstance(item, Scalar)]
    sizes = sizes[1:] if sizes and sizes[0] in _BATCH else sizes
    named = all(_SIZE.fullmatch(size) and size not in _OPEN for size in sizes)
    return f"f32[N, {', '.join(sizes)}]" if sizes and named else _EXAMPLE


#: (section, depth) -> how to mend it
_MENDS: dict[tuple[str | int, int], Callable[[Node], str | None]] = {
    ("inputs", 1): _inputs,
    ("inputs", 2): _input,
    ("layers", 1): _layers,
    ("model", 1): _body,
    ("blocks", 2): _body,
}
