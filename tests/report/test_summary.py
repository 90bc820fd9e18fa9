"""Summaries: rows that add up, shared layers counted once, and the layouts of the table."""

from __future__ import annotations

import csv
import io
import json

import pytest
from reference_specs import FOLDER, each

import netwright
from netwright.backends.report.summary import SummaryRow, summary_rows
from netwright.backends.report.tables import Setting, as_csv, as_json, markdown, text

SHARED = """\
netwright: 1
name: shared
inputs: {x: "f32[N, 8]"}
layers: {outer: dense(8)}
blocks:
  x -> twice: |
    f = shared dense(8, use_bias=false)
    x -> f -> outer -> f
model: x -> outer -> twice * 3 -> dense(1) -> relu
"""


def rows_of(name: str, depth: int | None = None) -> list[SummaryRow]:
    return list(summary_rows(netwright.compile(FOLDER / f"{name}.yaml"), depth=depth))


@pytest.mark.parametrize("name", each())
def test_the_rows_of_the_first_level_add_up(name: str) -> None:
    model = netwright.compile(FOLDER / f"{name}.yaml")
    rows = list(summary_rows(model, depth=0))
    assert sum(row.params for row in rows) == model.params.total
    assert sum(row.trainable for row in rows) == model.params.trainable
    assert sum(row.parameter_bytes for row in rows) == model.params.bytes


@pytest.mark.parametrize("name", each())
def test_a_block_is_the_sum_of_what_is_in_it(name: str) -> None:
    rows = rows_of(name)
    for index, row in enumerate(rows):
        below = []
        for inner in rows[index + 1 :]:
            if inner.depth <= row.depth:
                break
            below += [inner.params] if inner.depth == row.depth + 1 else []
        assert not below or sum(below) == row.params, row.path


def test_shared_weights_stand_where_they_are_first_applied() -> None:
    rows = list(summary_rows(netwright.compile(SHARED)))
    found = [(row.path, row.shared, row.counted, row.params) for row in rows]
    assert found == [
        ("dense[0]", "outer", True, 72),
        ("twice[0..2]", None, True, 3 * 64),  # each copy has its own f
        ("twice[0..2]/dense[0]", "dense(8, use_bias=false)", True, 3 * 64),
        ("twice[0..2]/dense[1]", "outer", False, 0),
        ("twice[0..2]/dense[2]", "dense(8, use_bias=false)", False, 0),
        ("dense[1]", None, True, 9),
        ("relu", None, True, 0),
    ]


def test_rows_inside_a_second_application_are_not_counted() -> None:
    rows = rows_of("siamese")
    assert [row.params for row in rows if row.path.startswith("describe[1]")] == [0] * 10
    lines = text(netwright.compile(FOLDER / "siamese.yaml"), rows).splitlines()
    second = next(line for line in lines if line.startswith("describe[1]"))
    assert second.split()[1:3] == ["(shared", "tower)"]
    assert second.split()[-7] == "above"


def test_depth_closes_blocks() -> None:
    assert [row.layer for row in rows_of("resnet", depth=0)][3] == "stage[0]"
    assert {row.depth for row in rows_of("resnet", depth=1)} == {0, 1}


def test_memory_is_counted_for_the_batch() -> None:
    model = netwright.compile(FOLDER / "mnist_mlp.yaml")
    first = {batch: next(summary_rows(model, batch=batch)).bytes for batch in (1, 32)}
    assert first == {1: 4 * 28 * 28, 32: 32 * 4 * 28 * 28}


def test_peaks_are_shown_where_they_are_asked_for() -> None:
    model = netwright.compile(FOLDER / "mnist_mlp.yaml")
    rows, at = list(summary_rows(model)), Setting(peaks=True)
    assert text(model, rows, at).splitlines()[2].endswith("kept      peak  in training")
    assert text(model, rows, at).splitlines()[4].endswith("3.06 KiB       0 B  6.12 KiB     6.12 KiB")
    assert markdown(model, rows, at).splitlines()[1] == "|---|---|---:|---:|---:|---:|---:|---:|"
    assert json.loads(as_json(model, rows))["rows"][0]["peak_training_bytes"] == 2 * 4 * 28 * 28


def test_text_is_cut_to_the_terminal_and_figures_are_not() -> None:
    model = netwright.compile(FOLDER / "seq2seq.yaml", params={"S": 64, "T": 64})
    rows = list(summary_rows(model))
    table, _, totals = text(model, rows, width=80).rpartition("parameters  ")
    assert max(map(len, table.splitlines())) <= 80
    assert "80,080,000" in table
    assert "384,112,000" in totals
    assert max(map(len, text(model, rows).splitlines())) > 80


def test_unknown_sizes_are_asked_for() -> None:
    model = netwright.compile(FOLDER / "seq2seq.yaml")
    assert text(model, []).endswith("? (give sizes: --set S=64 --set T=64)")


def test_the_same_figures_in_csv_and_json() -> None:
    model = netwright.compile(FOLDER / "resnet.yaml")
    rows = list(summary_rows(model))
    from_csv = list(csv.DictReader(io.StringIO(as_csv(model, rows))))
    from_json = json.loads(as_json(model, rows))
    assert [int(row["params"]) for row in from_csv] == [row["params"] for row in from_json["rows"]]
    assert from_csv[1]["outputs"] == "f32[N, 112, 112, 64]"
    assert from_json["params"] == {"total": 25_610_152, "trainable": 25_557_032, "non_trainable": 53_120}


def test_markdown_has_six_cells_a_row_and_escapes() -> None:
    model = netwright.compile(FOLDER / "siamese.yaml")
    lines = markdown(model, list(summary_rows(model))).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert {line.count(" | ") for line in table if "---" not in line} == {5}
    assert "\\[N, 4096\\]" in table[2]


@pytest.mark.keras
def test_totals_are_those_of_keras() -> None:
    import keras

    theirs = keras.applications.MobileNetV2(weights=None)
    rows = rows_of("mobilenet_v2", depth=0)
    assert sum(row.params for row in rows) == theirs.count_params()
    trained = sum(int(keras.ops.size(weight)) for weight in theirs.trainable_weights)
    assert sum(row.trainable for row in rows) == trained
