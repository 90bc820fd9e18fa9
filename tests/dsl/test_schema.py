"""The published JSON Schema: sound, documented, and in agreement with the reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, strategies as st

from netwright.dsl.diagnostics import SpecError
from netwright.dsl.document import read_spec_text
from netwright.dsl.schema import schema
from netwright.dsl.schema_faults import FAULTS

STRUCTURAL = {"unknown-key", "missing-key", "wrong-type", "invalid-value", "invalid-name", "language-version"}
ANNOTATIONS = {"$schema", "$id", "title", "description", "examples", "patternErrorMessage", "$defs"}
APPLICATORS = {"properties", "items", "$ref", "if", "then", "not"}
AS_REQUIRED = {"dependentRequired"}  # what lacks is said like a required key

GOOD: tuple[dict[str, Any], ...] = (
    {"netwright": 1},
    {"netwright": 1, "inputs": {"x": "f32[N, 3]"}, "model": ["flatten", {"dense": {"units": 3}}, {"dropout": 0.5}]},
    {"netwright": 1, "params": {"a": 1, "b": [1, [2.5, None, True]], "dense": "= a"}, "presets": {"big-1.0": {"a": 2}}},
    {"netwright": 1, "use": {"common": "blocks/common.yaml"}, "checks": ["params == 3"], "outputs": "y"},
    {"netwright": 1, "presets": {"big": {}}, "checks": ["a", {"big": "a"}, {"big": ["a", "b"]}]},
    {"netwright": 1, "blocks": {"x -> f(a)": "x -> dense(a)", "x -> g()": ["relu", {"common.f": [3, 4]}]}},
    {"netwright": 1, "train": {"data": "digits", "loss": "mse", "epochs": "= n", "jit": False, "callbacks": ["f(1)"]}},
    {
        "netwright": 1,
        "train": {
            "data": {
                "csv": "a.csv",
                "inputs": {"x": ["a", "b"]},
                "targets": {"output": "c"},
                "columns": ["a", "b", "c"],
            },
            "loss": {"output": "mse"},
            "metrics": {"output": ["mae"]},
            "steps": {"g": {"minimize": "x", "update": "G", "optimizer": "adam(2e-4)"}},
        },
    },
)
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "missing-key"),
    ({"netwright": 2}, "language-version"),
    ({"netwright": "1"}, "language-version"),
    ({"netwright": 1, "modle": "x"}, "unknown-key"),
    ({"netwright": 1, "name": 2015}, "wrong-type"),
    ({"netwright": 1, "about": " "}, "invalid-value"),
    ({"netwright": 1, "params": {"a": {"b": 1}}}, "wrong-type"),
    ({"netwright": 1, "params": {"if": 1}}, "invalid-name"),
    ({"netwright": 1, "inputs": {}}, "invalid-value"),
    ({"netwright": 1, "model": ["relu"]}, "missing-key"),
    ({"netwright": 1, "inputs": {"x": "f32[N]"}, "model": []}, "invalid-value"),
    ({"netwright": 1, "inputs": {"x": "f32[N]"}, "model": [{"a": 1, "b": 2}]}, "invalid-value"),
    ({"netwright": 1, "inputs": {"x": "f32[N]"}, "model": [{"a b": 1}]}, "invalid-name"),
    ({"netwright": 1, "inputs": {"x": "f32[N]"}, "model": [{"a": {"b": {"c": 1}}}]}, "wrong-type"),
    ({"netwright": 1, "outputs": ["a", "a"]}, "duplicate-name"),
    ({"netwright": 1, "presets": {"big": {}}, "checks": [{"big": []}]}, "invalid-value"),
    ({"netwright": 1, "presets": {"big": {}}, "checks": [{"big": 3}]}, "wrong-type"),
    ({"netwright": 1, "presets": {"a": {}, "b": {}}, "checks": [{"a": "c", "b": "c"}]}, "invalid-value"),
    ({"netwright": 1, "outputs": ["a b"]}, "invalid-name"),
    ({"netwright": 1, "train": {"batch_size": 0}}, "invalid-value"),
    ({"netwright": 1, "train": {"batch_size": 1.5}}, "wrong-type"),
    ({"netwright": 1, "train": {"data": {"inputs": {"x": "x"}}}}, "missing-key"),
    ({"netwright": 1, "train": {"data": {"csv": "a", "npz": "b"}}}, "invalid-value"),
    ({"netwright": 1, "train": {"data": {"npz": "b", "delimiter": ";"}}}, "missing-key"),
    ({"netwright": 1, "train": {"data": {"csv": "a", "delimiter": ";;"}}}, "invalid-value"),
    ({"netwright": 1, "train": {"data": {"images": "a", "image_size": [1, 2, 3]}}}, "invalid-value"),
    ({"netwright": 1, "train": {"data": {"images": "a", "color_mode": "rbg"}}}, "invalid-value"),
    ({"netwright": 1, "train": {"data": {"npz": "a", "split": {"validation": 1}}}}, "invalid-value"),
    ({"netwright": 1, "train": {"steps": {"g": {"minimize": "x"}}}}, "missing-key"),
)


def codes(document: Any) -> list[str]:
    """What the reader says of the document; JSON is YAML."""
    try:
        read_spec_text(json.dumps(document))
    except SpecError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


def is_valid(document: Any) -> bool:
    return jsonschema_rs.Draft202012Validator(schema()).is_valid(document)


def subschemas(at: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(at, list):
        for index, item in enumerate(at):
            yield from subschemas(item, f"{path}/{index}")
    if isinstance(at, dict):
        if not path.endswith(("/properties", "/$defs", "/dependentRequired")):
            yield path, at
        for key, value in at.items():
            if key not in ("examples", "enum", "const", "required"):
                yield from subschemas(value, f"{path}/{key}")


@pytest.mark.parametrize("document", GOOD)
def test_good_documents_pass_both(document: dict[str, Any]) -> None:
    assert is_valid(document)
    assert codes(document) == []


@pytest.mark.parametrize(("document", "code"), BAD)
def test_bad_documents_pass_neither(document: dict[str, Any], code: str) -> None:
    assert not is_valid(document)
    assert codes(document) == [code]


def test_it_is_a_schema_of_draft_2020_12() -> None:
    published = schema()
    assert published["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(published)
    assert json.loads(json.dumps(published)) == published


def test_every_key_is_documented() -> None:
    keys = [(path, at) for path, at in subschemas(schema()) if path.split("/")[-2:-1] == ["properties"]]
    assert len(keys) > 35
    assert [
        path for path, at in keys if not path.startswith("/if") and not (at.get("title") and at.get("description"))
    ] == []


def test_every_example_is_valid() -> None:
    definitions = schema()["$defs"]
    examples = [
        ({**at, "$defs": definitions}, example) for _, at in subschemas(schema()) for example in at.get("examples", ())
    ]
    assert len(examples) > 25
    assert [example for at, example in examples if not jsonschema_rs.is_valid(at, example)] == []


def test_every_keyword_has_words() -> None:
    used = {keyword for _, at in subschemas(schema()) for keyword in at}
    assert used - ANNOTATIONS - APPLICATORS - AS_REQUIRED <= FAULTS.keys()


def test_the_caller_may_change_it() -> None:
    schema()["properties"].clear()
    assert schema()["properties"]


# Values and keys that are right in one place and wrong in another.
_KEYS = st.sampled_from(
    [*schema()["properties"], *schema()["properties"]["train"]["properties"], "npz", "validation", "x"]
)
_LEAVES = st.sampled_from([1, 0, -2, 0.5, 1.5, True, None, "", " ", "x", "= x", "x[0]", "digits"])
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3, unique_by=json.dumps) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.slow
@given(st.dictionaries(_KEYS, _VALUES, max_size=4), st.booleans())
def test_reader_and_schema_agree(document: dict[str, Any], is_spec: bool) -> None:
    if is_spec:
        document["netwright"] = 1
    assert is_valid(document) != bool(STRUCTURAL.intersection(codes(document)))
