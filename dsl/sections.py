"""Owns the top-level keys of a spec, in one table: schema, documentation and reading of each. `schema.py`
and `document.py` are made from it."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.externs import EXTERN_SCHEMA, read_externs
from netwright.dsl.keys import FLOW, PRESET_NAME, STAGES, TEXT, VALUE, Key, definition, named
from netwright.dsl.names import IDENTIFIER
from netwright.dsl.nodes import Items, Map, Node, Scalar
from netwright.dsl.parser import parse_expression, parse_header, parse_type
from netwright.dsl.reading import Reading
from netwright.dsl.source import Span
from netwright.dsl.stages import read_body
from netwright.dsl.training import TRAIN_SCHEMA, read_train
from netwright.dsl.tree import Block, Body, Check, Entry, Header, Input, Name, OutputName, Preset, Use
from netwright.dsl.values import read_entries, read_flow

LANGUAGE_VERSION = 1


def _version(reading: Reading, key: Scalar, node: Node) -> int:
    return LANGUAGE_VERSION


def _text(reading: Reading, key: Scalar, node: Node) -> str:
    return next((scalar.text for scalar in reading.scalars(node)), "")


def _params(reading: Reading, key: Scalar, node: Node) -> tuple[Entry, ...]:
    return read_entries(reading, node)


def _presets(reading: Reading, key: Scalar, node: Node) -> tuple[Preset, ...]:
    pairs = reading.pairs(node)
    return tuple(Preset(reading.span(name), name.text, read_entries(reading, values)) for name, values in pairs)


def _uses(reading: Reading, key: Scalar, node: Node) -> tuple[Use, ...]:
    return tuple(
        Use(reading.span(path), alias.text, path.text)
        for alias, path in reading.pairs(node)
        if isinstance(path, Scalar)
    )


def _inputs(reading: Reading, key: Scalar, node: Node) -> tuple[Input, ...]:
    """Every input with a readable type. Their names are kept for a model given as a list of stages."""
    pairs = list(reading.pairs(node))
    reading.inputs = tuple(Name(reading.span(name), name.text) for name, _ in pairs)
    read = ((name, reading.flow(value, parse_type)) for name, value in pairs)
    return tuple(Input(reading.span(name), name.text, type_) for name, type_ in read if type_)


def _blocks(reading: Reading, key: Scalar, node: Node) -> tuple[Block, ...]:
    blocks = (_block(reading, header, body) for header, body in reading.pairs(node))
    return tuple(block for block in blocks if block)


def _block(reading: Reading, header_text: Scalar, node: Node) -> Block | None:
    header = reading.flow(header_text, parse_header)
    if header and header.is_function and isinstance(node, Items):
        reading.found.add(_no_operands(header, node.head(reading.source)))
    operands = tuple(Name(operand.span, operand.name) for operand in header.operands) if header else ()
    body = read_body(reading, node, operands)
    if header is None or body is None:
        return None
    return Block(header.span, header.name, header.operands, header.parameters, body, header.is_function)


def _no_operands(header: Header, span: Span) -> Diagnostic:
    message = f"`{header.name}` is a function of values, and a list of layers needs a tensor to begin with"
    return Diagnostic("wrong-type", message, span, help=f"write the block as `x -> {header.name}(...)`")


def _layers(reading: Reading, key: Scalar, node: Node) -> tuple[Entry, ...]:
    pairs = reading.pairs(node)
    return tuple(Entry(reading.span(name), name.text, read_flow(reading, value)) for name, value in pairs)


def _model(reading: Reading, key: Scalar, node: Node) -> Body | None:
    return read_body(reading, node, reading.inputs)


def _outputs(reading: Reading, key: Scalar, node: Node) -> tuple[OutputName, ...]:
    return tuple(OutputName(reading.span(name), name.text) for name in reading.scalars(node))


def _checks(reading: Reading, key: Scalar, node: Node) -> tuple[Check, ...]:
    """The items in order: a check of every member as text, those of one member under the name of its preset."""
    checks: list[Check] = []
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Map) and reading.usable(item):
            for preset, own in reading.pairs(item):
                checks += _conditions(reading, own, Name(reading.span(preset), preset.text))
        else:
            checks += _conditions(reading, item, None)
    return tuple(checks)


def _conditions(reading: Reading, node: Node, preset: Name | None) -> Iterator[Check]:
    for text in reading.scalars(node):
        if condition := reading.flow(text, parse_expression):
            yield Check(reading.span(text), text.text.strip(), condition, preset)


# In the order of reading: a model given as a list needs the names of the inputs.
SECTIONS = (
    Key(
        "netwright",
        "The version of the language. It marks the file as a spec.",
        {"const": LANGUAGE_VERSION},
        _version,
        required=True,
    ),
    Key("name", "The name of the model; that of the file if not given.", {**TEXT, "examples": ["resnet50"]}, _text),
    Key("about", "One line about the model.", TEXT, _text),
    Key(
        "source",
        "Where the model comes from.",
        {**TEXT, "examples": ["He et al. 2015, arXiv:1512.03385"]},
        _text,
        field="reference",
    ),
    Key(
        "params",
        "Hyperparameters and their defaults, to be set with --set. `= expression` computes one from earlier ones.",
        named(VALUE, examples=[{"classes": 1000, "width": 64, "hidden": "= 4 * width"}]),
        _params,
        absent=(),
    ),
    Key(
        "presets",
        "The members of a family: for each name, the params that it changes. Chosen with --preset.",
        {
            "type": "object",
            "propertyNames": PRESET_NAME,
            "additionalProperties": named(VALUE),
            "examples": [{"resnet101": {"depth": 23}}],
        },
        _presets,
        absent=(),
    ),
    Key(
        "use",
        "Other specs, whose blocks are at hand as alias.block(...). Paths are relative to this file.",
        named(TEXT, examples=[{"common": "blocks/common.yaml"}]),
        _uses,
        field="uses",
        absent=(),
    ),
    Key(
        "inputs",
        "The inputs of the model and their types, in order. An unknown name in a type is a symbolic dim.",
        named(definition("tensor_type"), minProperties=1),
        _inputs,
        absent=(),
    ),
    Key(
        "externs",
        "Layers of your own by their headers: `x: type -> name(parameters): type`.",
        {
            "type": "object",
            "propertyNames": {"pattern": r"\S"},
            "additionalProperties": EXTERN_SCHEMA,
            "examples": [
                {"x: f32[N, T, D] -> rotary(base=10000): f32[N, T, D]": {"python": "acme.layers:Rotary", "params": 0}}
            ],
        },
        read_externs,
        absent=(),
    ),
    Key(
        "blocks",
        "Blocks by their headers: `x -> name(parameters)`, or `name(parameters)` for a function of values.",
        {
            "type": "object",
            "propertyNames": {"pattern": r"\S"},
            "additionalProperties": STAGES,
            "examples": [{"x -> conv_bn(filters, strides=1)": "x -> conv2d(filters, 3, strides) -> relu"}],
        },
        _blocks,
        absent=(),
    ),
    Key(
        "layers",
        "Shared layers: the same weights wherever the name is used.",
        named(FLOW, examples=[{"G": "generator(128)"}]),
        _layers,
        absent=(),
    ),
    Key("model", "The model: flow text whose last expression is the output, or a list of layers.", STAGES, _model),
    Key(
        "outputs",
        "Names bound in `model` that are its outputs, when there are several.",
        {
            "type": ["string", "array"],
            "pattern": IDENTIFIER,
            "items": {"type": "string", "pattern": IDENTIFIER},
            "minItems": 1,
            "uniqueItems": True,
            "examples": [["mean", "variance"]],
        },
        _outputs,
        absent=(),
    ),
    Key(
        "checks",
        "Flow expressions that must be true of the compiled model. Under the name of a preset: of that member alone.",
        {
            "type": "array",
            "items": definition("check"),
            "examples": [["output.shape == [N, 1000]", {"resnet101": "params == 44_707_176"}]],
        },
        _checks,
        absent=(),
    ),
    Key("train", "How the model is trained.", TRAIN_SCHEMA, read_train),
)
