"""Where weights stand: paths as in `check --format json`, and the order in which code creates layers."""

from __future__ import annotations

import pytest

from netwright.api import compile as compile_spec
from netwright.backends.xla.sites import in_order_of_creation, sites_of

HEAD = "netwright: 1\nname: t\ninputs: {x: 'f32[N, 3]'}\n"


def sites(text: str) -> list[str]:
    model = compile_spec(HEAD + text)
    return [site.path for site in sites_of(model.elaborated.graph)]


def created(text: str) -> list[str]:
    model = compile_spec(HEAD + text)
    return [site.path for site in in_order_of_creation(sites_of(model.elaborated.graph))]


def test_copies_of_blocks_and_repeats_have_paths_of_their_own() -> None:
    spec = """
blocks:
  x -> pair(n): |
    x -> dense(n) -> dense(n)
model: |
  x -> dense(3) -> pair(3) -> pair(3) * 2 -> (dense(3) -> relu) * 2
"""
    assert sites(spec) == [
        "dense",
        *("pair[0]/dense[0]", "pair[0]/dense[1]", "pair[1]/dense[0]", "pair[1]/dense[1]"),
        *("pair[2]/dense[0]", "pair[2]/dense[1]"),
        *("repeat[0]/dense", "repeat[0]/relu", "repeat[1]/dense", "repeat[1]/relu"),
    ]


def test_paths_are_those_of_the_report() -> None:
    spec = HEAD + "layers: {S: dense(3)}\nmodel: |\n  y = x -> S -> dense(3) * 3\n  y + x -> S -> shared dense(2)\n"
    model = compile_spec(spec)
    weighted = [row["path"] for row in model.report()["layers"] if row["params"]]
    weightless = {"add"}
    assert [site.path for site in sites_of(model.elaborated.graph) if site.path not in weightless] == weighted


def test_a_shared_layer_stands_once_where_it_is_first_applied() -> None:
    spec = """
layers: {S: dense(3)}
model: |
  x -> dense(3) -> S -> S -> dense(3)
"""
    assert sites(spec) == ["dense[0]", "dense[1]", "dense[3]"]


def test_a_shared_layer_is_created_where_it_is_declared() -> None:
    spec = """
layers: {S: dense(3)}
model: |
  x -> dense(3) -> S -> dense(3)
"""
    assert created(spec) == ["dense[1]", "dense[0]", "dense[2]"]


def test_each_call_of_a_block_has_shared_layers_of_its_own() -> None:
    spec = """
blocks:
  x -> twice: |
    f = shared dense(3)
    x -> f -> f
model: |
  x -> twice -> twice
"""
    assert sites(spec) == ["twice[0]/dense[0]", "twice[1]/dense[0]"]


def test_a_layer_shared_across_blocks_stands_once() -> None:
    spec = """
layers: {S: dense(3)}
blocks:
  x -> with_s: |
    x -> dense(3) -> S
model: |
  x -> with_s -> with_s
"""
    assert sites(spec) == ["with_s[0]/dense[0]", "with_s[0]/dense[1]", "with_s[1]/dense[0]"]


@pytest.mark.slow
def test_ten_thousand_nodes_do_not_recurse() -> None:
    spec = "model: |\n  x" + " -> relu" * 10_000 + "\n"
    assert len(sites(spec)) == 10_000
