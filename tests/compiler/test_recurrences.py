"""Recurrences over a cell of the user's own: what the summary, the drawing and the memory say of them."""

from __future__ import annotations

import pytest

import netwright
from netwright.backends.report.drawing import draw
from netwright.backends.report.mermaid import to_mermaid
from netwright.backends.report.summary import summary_rows
from netwright.backends.report.svg import to_svg
from netwright.backends.xla.sites import sites_of

ELMAN = """\
netwright: 1
name: elman
inputs: {x: "f32[N, T, 2]", s: "f32[N, 3]"}
blocks:
  (x, h[N, units]) -> elman(units): |
    (x, h) -> concatenate -> dense(units) -> tanh
  (x, h[N, units]) -> nested(units): |
    (x -> elman_of(units)) + h
  x -> elman_of(units): |
    x -> dense(units)
outputs: [y, h, z]
model: |
  y, h = x -> recurrent(elman(3), return_sequences=true, return_state=true, initial_state=s)
  z = y -> recurrent(nested(2), return_sequences=true) * 2
"""


def test_the_summary_counts_steps() -> None:
    rows = {row.path: row for row in summary_rows(netwright.compile(ELMAN))}
    assert (rows["recurrent[0]"].steps, rows["recurrent[0]"].params, rows["recurrent[0]"].macs) == ("T", 18, "15*T")
    assert (rows["recurrent[0]/dense"].steps, rows["recurrent[0]/dense"].macs) == (1, "15*T")
    inner = [row for path, row in rows.items() if path.endswith("elman_of/dense")]
    assert sum(row.params for row in inner) == 3 * 2 + 2 + 2 * 2 + 2
    assert netwright.compile(ELMAN).macs == "25*T"


def test_a_repeated_recurrence_has_one_level() -> None:
    """As other repeats have, in every table and for the weights of a program."""
    model = netwright.compile(ELMAN.replace("nested(2)", "nested(3)"))
    paths = [f"recurrent[{copy}]/{inner}" for copy in (1, 2) for inner in ("elman_of/dense", "add")]
    assert [layer["path"] for layer in model.report()["layers"]][3:] == paths
    assert model.elaborated.graph is not None
    assert [site.path for site in sites_of(model.elaborated.graph)][3:] == paths
    rows = {row.path: row for row in summary_rows(model)}
    assert (rows["recurrent[1..2]"].repeats, rows["recurrent[1..2]"].steps) == (2, "T")
    assert rows["recurrent[1..2]/elman_of/dense"].depth == 2


def test_steps_may_be_set() -> None:
    model = netwright.compile(ELMAN, params={"T": 10})
    assert model.macs == 250
    assert next(row.steps for row in summary_rows(model)) == 10


def test_a_drawing_opens_the_cell() -> None:
    model = netwright.compile(ELMAN)
    closed, opened = draw(model, 0), draw(model, 2)
    item = closed.items[2]
    assert (item.kind, item.name, item.detail, item.note) == (
        "block",
        "recurrent",
        "elman(units=3)",
        "T steps · 18 params",
    )
    inside = opened.items[2].inside
    assert inside is not None
    assert [each.name for each in inside.items] == ["x", "h", "concatenate", "dense", "tanh", ""]
    ports = [(edge.source, edge.output, edge.target, edge.input) for edge in opened.edges]
    assert {(0, 0, 2, 0), (1, 0, 2, 1), (2, 0, 3, 0)} <= set(ports)  # y and h are one tensor of the cell
    for diagram in (closed, opened):
        assert to_svg(diagram, "t")
        assert to_mermaid(diagram, "t")


def test_states_that_nobody_gives_have_no_edge() -> None:
    model = netwright.compile(ELMAN.replace(", initial_state=s", ""))
    inputs = {edge.source for edge in draw(model, 1).edges if edge.target == 2}
    assert inputs == {0}


@pytest.mark.parametrize("training", [False, True])
def test_memory_grows_with_the_steps_as_keras_layer_s_does(training: bool) -> None:
    """Each step keeps its input beside its state, where the matrices of Keras's layer are two."""
    keras = ELMAN.replace("recurrent(elman(3)", "simple_rnn(3").replace(
        "y -> recurrent(nested(2), return_sequences=true) * 2", "y"
    )
    ours = ELMAN.replace("y -> recurrent(nested(2), return_sequences=true) * 2", "y")
    found = [_growth(text, training) for text in (ours, keras)]
    assert found[0] == pytest.approx(found[1], rel=0.5)
    assert found[0] > 0


def _growth(text: str, training: bool) -> int:
    sizes = [netwright.compile(text, params={"T": steps}).peak_memory(1, training=training) for steps in (100, 200)]
    assert None not in sizes
    return sizes[1] - sizes[0]  # type: ignore[operator]
