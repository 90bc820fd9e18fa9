"""Owns the keys of `train`, of its `data` and of its `steps`: schema, documentation and reading. Knows no
loss, optimizer or data set by name."""

from __future__ import annotations

from netwright.dsl.keys import FLOW, OUTPUT_NAME, TEXT, JsonSchema, Key, mapping_of, named, number
from netwright.dsl.nodes import Map, Node, Scalar
from netwright.dsl.parser import parse_body
from netwright.dsl.reading import Reading
from netwright.dsl.tree import Entry, Expr, Literal, Mapping, Procedure, Sequence, Train
from netwright.dsl.values import read_flow, read_flow_by_name, read_flows, read_value

SOURCES = ("npz", "csv", "images", "builtin")


def read_train(reading: Reading, key: Scalar, node: Node) -> Train:
    return Train(reading.span(key), _settings(reading, node, TRAIN))


def _settings(reading: Reading, node: Node, keys: tuple[Key, ...]) -> tuple[Entry, ...]:
    rows = {row.name: row for row in keys}
    return tuple(
        Entry(reading.span(key), key.text, rows[key.text].read(reading, key, value))
        for key, value in reading.pairs(node)
        if key.text in rows
    )


def _plain(reading: Reading, key: Scalar, node: Node) -> Expr:
    return read_value(reading, node)


def _list(reading: Reading, key: Scalar, node: Node) -> Expr:
    """A list; one item may stand without it."""
    value = read_value(reading, node)
    return value if isinstance(value, Sequence) else Sequence(value.span, "list", (value,))


def _flow(reading: Reading, key: Scalar, node: Node) -> Expr:
    return read_flow_by_name(reading, node) if isinstance(node, Map) else read_flow(reading, node)


def _flows(reading: Reading, key: Scalar, node: Node) -> Expr:
    if not isinstance(node, Map):
        return read_flows(reading, node)
    entries = (Entry(reading.span(name), name.text, read_flows(reading, value)) for name, value in reading.pairs(node))
    return Mapping(reading.span(node), tuple(entries))


def _procedure(reading: Reading, key: Scalar, node: Node) -> Expr:
    body = reading.flow(node, parse_body)
    return Procedure(body.span, body) if body else Literal(reading.span(node), None)


def _data(reading: Reading, key: Scalar, node: Node) -> Expr:
    """`data: digits` stays text; a mapping gives its settings."""
    if not isinstance(node, Map):
        return read_value(reading, node)
    return Mapping(reading.span(node), _settings(reading, node, DATA))


def _steps(reading: Reading, key: Scalar, node: Node) -> Expr:
    steps = (
        Entry(reading.span(name), name.text, Mapping(reading.span(step), _settings(reading, step, STEP)))
        for name, step in reading.pairs(node)
    )
    return Mapping(reading.span(node), tuple(steps))


def _one_or_many(item: JsonSchema, **more: object) -> JsonSchema:
    return {"type": ["string", "array"], "pattern": r"\S", "items": item, **more}


_COLUMNS = _one_or_many(TEXT, minItems=1)
_SHARE: JsonSchema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}

DATA = (
    Key("npz", "A NumPy file of named arrays.", {**TEXT, "examples": ["digits.npz"]}, _plain),
    Key("csv", "A table as text, one example a line.", {**TEXT, "examples": ["iris.csv"]}, _plain),
    Key("images", "A folder with one folder of images for each class.", {**TEXT, "examples": ["flowers/"]}, _plain),
    Key("builtin", "A data set that needs no file.", {**TEXT, "examples": ["digits", "mnist_5k", "iris"]}, _plain),
    Key(
        "inputs",
        "For each input of the model: the array, the column, or the list of columns that it is given.",
        named(_COLUMNS, examples=[{"image": "x"}]),
        _plain,
    ),
    Key(
        "targets",
        "For each target: the array, the column, or the list of columns that holds it.",
        named(_COLUMNS, propertyNames=OUTPUT_NAME, examples=[{"label": "y"}]),
        _plain,
    ),
    Key(
        "split",
        "Which share of the examples is held back from training.",
        mapping_of(
            (
                Key("validation", "The share that is evaluated after every epoch.", _SHARE, _plain),
                Key("test", "The share that is evaluated at the end.", _SHARE, _plain),
            ),
            examples=[{"validation": 0.1}],
        ),
        _plain,
    ),
    Key("shuffle", "Whether the examples are put in a random order first.", {"type": "boolean"}, _plain),
    Key(
        "delimiter",
        "The character between two columns of a csv file; a comma if not given.",
        {"type": "string", "minLength": 1, "maxLength": 1, "examples": [";", "\t"]},
        _plain,
    ),
    Key(
        "columns",
        "The names of the columns, for a csv file without a line of names.",
        {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
        _plain,
    ),
    Key(
        "image_size",
        "Height and width to which images are resized.",
        {
            "type": "array",
            "items": {"type": "integer", "minimum": 1},
            "minItems": 2,
            "maxItems": 2,
            "examples": [[64, 64]],
        },
        _plain,
    ),
    Key("color_mode", "The channels of an image: 3, 1 or 4.", {"enum": ["rgb", "grayscale", "rgba"]}, _plain),
)

_DATA_SCHEMA: JsonSchema = {
    **mapping_of(DATA),
    "type": ["string", "object"],
    "pattern": r"\S",
    "oneOf": [{"type": "string"}, *({"required": [source], "type": "object"} for source in SOURCES)],
    "dependentRequired": {"delimiter": ["csv"], "columns": ["csv"], "image_size": ["images"], "color_mode": ["images"]},
    "examples": ["digits", {"npz": "digits.npz", "inputs": {"image": "x"}, "targets": {"label": "y"}}],
}

_OPTIMIZER = Key(
    "optimizer",
    "The Keras optimizer, as a flow expression; schedules stand in place of the learning rate.",
    {**FLOW, "examples": ["adam(cosine_decay(1e-3, 10_000))", "sgd(0.01, momentum=0.9)"]},
    _flow,
)

STEP = (
    Key(
        "minimize",
        "Flow text whose last expression the step makes smaller.",
        {**FLOW, "examples": ["(1, noise -> G -> D) -> binary_crossentropy(from_logits=true)"]},
        _procedure,
        required=True,
    ),
    Key(
        "update",
        "What the step may change: shared layers, patterns over paths of weights, or inputs.",
        {**_one_or_many(TEXT, minItems=1), "examples": [["G"], ["encoder/*"]]},
        _list,
        required=True,
    ),
    _OPTIMIZER,
)

TRAIN = (
    Key("data", "Where the examples come from. A bare name is a built-in data set.", _DATA_SCHEMA, _data),
    Key(
        "loss",
        "The Keras loss, as a flow expression; with several outputs, one for each by name.",
        {
            "type": ["string", "object"],
            "pattern": r"\S",
            "propertyNames": OUTPUT_NAME,
            "additionalProperties": FLOW,
            "examples": ["sparse_categorical_crossentropy", {"age": "mse", "name": "categorical_crossentropy"}],
        },
        _flow,
    ),
    _OPTIMIZER,
    Key(
        "metrics",
        "Keras metrics, as flow expressions; with several outputs, those of each by name.",
        {
            "type": ["string", "array", "object"],
            "pattern": r"\S",
            "items": FLOW,
            "propertyNames": OUTPUT_NAME,
            "additionalProperties": _one_or_many(FLOW),
            "examples": [["sparse_categorical_accuracy"], {"age": ["mae"]}],
        },
        _flows,
    ),
    Key("batch_size", "Examples a step.", {**number("integer", minimum=1), "examples": [128]}, _plain),
    Key("epochs", "Passes over the examples.", {**number("integer", minimum=1), "examples": [10]}, _plain),
    Key(
        "callbacks",
        "Keras callbacks, as flow expressions.",
        {**_one_or_many(FLOW), "examples": [['early_stopping(monitor="val_loss", patience=3)']]},
        _flows,
    ),
    Key("seed", "Fixes initial weights, order of examples and dropout.", number("integer", minimum=0), _plain),
    Key(
        "remat",
        "What training computes again in the backward pass to save memory: every block and every copy of a repeat, or "
        "the latter alone.",
        {"enum": ["none", "repeat", "block"]},
        _plain,
    ),
    Key(
        "precision",
        "What layers compute in, as Keras's mixed policies have it: weights stay f32, and f16 scales the loss.",
        {"enum": ["f32", "bf16", "f16"]},
        _plain,
    ),
    Key("jit", "Whether the training step is compiled with XLA; true if not given.", {"type": "boolean"}, _plain),
    Key(
        "steps",
        "The general form: each step by its name, with what it minimizes and what it may change.",
        named({**mapping_of(STEP)}, minProperties=1),
        _steps,
    ),
)

TRAIN_SCHEMA = mapping_of(TRAIN)
