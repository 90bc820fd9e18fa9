"""The catalogue's pages: every class has one, found by each of its names, with figures that Keras confirms."""

from __future__ import annotations

import json

import pytest

from netwright.backends.report.reference import (
    catalogue,
    catalogue_json,
    catalogue_text,
    example,
    find,
    first_sentence,
    page_json,
    page_text,
)
from netwright.compiler.ops.declared import Declared

EVERY = [cls for classes in catalogue().values() for cls in classes]


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__qualname__)
def test_every_class_has_a_page(cls: type[Declared]) -> None:
    page = page_text(cls, 80)
    assert page.startswith(("(", cls.name_in_flow)) or f"-> {cls.name_in_flow}" in page
    assert all(len(line) <= 80 or " " not in line.strip() for line in page.split("\n\nfor example")[0].splitlines()[:4])
    assert json.loads(json.dumps(page_json(cls)))["name"] == cls.name_in_flow


@pytest.mark.parametrize("cls", EVERY, ids=lambda cls: cls.__qualname__)
def test_every_class_is_told_in_a_line(cls: type[Declared]) -> None:
    sentence = first_sentence(cls)
    assert sentence
    assert sentence.count("(") <= sentence.count(")") + 1


@pytest.mark.parametrize(
    "name", ["conv2d", "Conv2D", "convolution2d", "adam", "Adam", "l2", "CosineDecay", "ops.reshape"]
)
def test_found_by_every_name(name: str) -> None:
    assert find(name)


def test_a_loss_and_a_metric_of_one_name_are_both_found() -> None:
    assert [cls.keras.split(".")[0] for cls in find("mean_squared_error")] == ["losses", "metrics"]


def test_the_list_is_cut_to_the_terminal_only() -> None:
    assert max(map(len, catalogue_text(60).splitlines())) == 60
    assert "…" not in catalogue_text(None)


def test_the_list_is_grouped() -> None:
    families = {row["name"]: row["family"] for row in catalogue_json()}
    assert families["conv2d"] == "convolution"
    assert families["glorot_uniform"] == "initializers"
    assert families["adam"] == "optimizers"
    assert families["cosine_decay"] == "optimizers.schedules"


def test_an_example_has_the_weights() -> None:
    (operator,) = find("conv2d")
    assert example(operator) == [
        "f32[32, 12, 12, 16] -> conv2d(8, [3, 3])  gives  f32[32, 10, 10, 8]",
        "kernel: f32[3, 3, 16, 8]",
        "bias: f32[8]",
    ]


def test_a_page_hides_what_every_layer_takes() -> None:
    (operator,) = find("dense")
    assert page_text(operator, 100).splitlines()[0].startswith("x -> dense(units, activation=none, use_bias=true,")
    assert "autocast=" not in page_text(operator, 100)
