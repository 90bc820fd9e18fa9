"""The catalogue's pages: every class has one, found by each of its names, with figures that Keras confirms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netwright.backends.report.examples import example
from netwright.backends.report.reference import (
    catalogue,
    catalogue_json,
    catalogue_markdown,
    catalogue_text,
    find,
    first_sentence,
    page_json,
    page_text,
)
from netwright.compiler.ops.op import Op

EVERY = [cls for classes in catalogue().values() for cls in classes]


@pytest.mark.slow
def test_every_class_has_a_page() -> None:
    for cls in EVERY:
        page = page_text(cls, 80)
        assert page.startswith(cls.name_in_flow) or f"-> {cls.name_in_flow}" in page
        assert max(map(len, page.split("\n\n")[1].splitlines())) <= 80
        assert json.loads(json.dumps(page_json(cls)))["name"] == cls.name_in_flow


def test_every_class_is_told_in_a_line() -> None:
    for cls in EVERY:
        sentence = first_sentence(cls)
        assert sentence, cls
        assert not sentence.endswith(("et al", ":", ",")), sentence


@pytest.mark.parametrize(
    "name",
    ["conv2d", "Conv2D", "convolution2d", "adam", "Adam", "l2", "CosineDecay", "ops.reshape", "RMSprop", "BinaryIoU"],
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


def test_an_example_has_shapes_in_symbols_weights_and_cost() -> None:
    (operator,) = find("conv2d")
    assert issubclass(operator, Op)
    made = example(operator)
    assert made is not None
    assert made.call == "f32[N, H, W, 16] -> conv2d(8, 3)"
    assert made.outputs == ("f32[N, H - 2, W - 2, 8]",)
    assert made.weights == ("kernel: f32[3, 3, 16, 8]", "bias: f32[8]")
    assert made.macs == "1152*(H - 2)*(W - 2)"
    assert "model: |\n  x -> conv2d(8, 3)\n" in made.spec


def test_every_operator_has_an_example() -> None:
    """Made up, or where its arguments or operands are like no other's, in `example_calls.py`."""
    assert [cls.name_in_flow for cls in EVERY if issubclass(cls, Op) and example(cls) is None] == []


def test_the_page_of_all_operators_is_up_to_date() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operators.md").read_text(encoding="utf-8")
    assert catalogue_markdown() + "\n" == page, "run: netwright ops --format markdown > docs/operators.md"


def test_an_example_of_several_tensors() -> None:
    (operator,) = find("concatenate")[:1]
    assert issubclass(operator, Op)
    made = example(operator)
    assert made is not None
    assert (made.call, made.outputs) == ("(f32[N, 16], f32[N, 16]) -> concatenate", ("f32[N, 32]",))


def test_a_page_hides_what_every_layer_takes() -> None:
    (operator,) = find("dense")
    assert page_text(operator, 100).splitlines()[0].startswith("x -> dense(units, activation=none, use_bias=true,")
    assert "autocast=" not in page_text(operator, 100)
