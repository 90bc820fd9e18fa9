"""Names suggested for misspelt ones."""

from __future__ import annotations

import pytest

from netwright.dsl.suggest import did_you_mean, distance, suggest

KEYS = ("params", "presets", "inputs", "outputs", "model", "blocks", "layers", "checks", "train")


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("kitten", "sitting", 3),
        ("modle", "model", 1),
        ("ca", "abc", 3),
        ("dense", "dense", 0),
    ],
)
def test_distance(one: str, other: str, edits: int) -> None:
    assert distance(one, other, 9) == distance(other, one, 9) == edits


def test_distance_gives_up_early() -> None:
    assert distance("kitten", "sitting", 1) == 2


@pytest.mark.parametrize(
    ("name", "near"),
    [("modle", ["model"]), ("Model", ["model"]), ("input", ["inputs"]), ("puts", []), ("xyz", []), ("m", [])],
)
def test_suggest(name: str, near: list[str]) -> None:
    assert suggest(name, KEYS) == near


def test_at_most_four_the_nearest_first() -> None:
    assert suggest("conv2d", ["conv3", "conv1d", "conv2d", "conv", "conv2", "conv2x", "con"]) == [
        "conv1d",
        "conv2",
        "conv2x",
        "conv",
    ]


def test_a_short_name_is_near_only_to_what_differs_little() -> None:
    assert suggest("keras", ["zeros"]) == []
    assert suggest("nn", ["N", "n"]) == ["N", "n"]


def test_capitals_and_underscores_do_not_count() -> None:
    assert suggest("Conv2D", ["conv1d", "conv2d", "conv3d"]) == ["conv2d"]
    assert suggest("maxPooling_2d", ["max_pooling2d", "max_pooling1d"]) == ["max_pooling2d"]


def test_a_shortened_name_is_near_what_it_shortens() -> None:
    assert suggest("LayerNorm", ["layer_normalization", "normalization", "layer"]) == ["layer_normalization"]
    assert suggest("nor", ["normalization"]) == []
    assert suggest("bias", ["bias_initializer", "use_bias", "units"]) == ["use_bias", "bias_initializer"]


def test_words() -> None:
    assert did_you_mean("modle", KEYS) == "did you mean `model`?"
    assert did_you_mean("conf1d", ["conv1d", "conv2d"]) == "did you mean `conv1d` or `conv2d`?"
    assert did_you_mean("zzz", KEYS) is None
