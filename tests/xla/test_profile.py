"""A profile from a program's text and its operations' times to a table. No framework."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from netwright.api import Model, compile as compile_spec
from netwright.backends.report.places import Places
from netwright.backends.report.profile import ProfileTable, profile_json, profile_text
from netwright.backends.xla.bench.case import Conditions, case_of
from netwright.backends.xla.bench.hlo import origins
from netwright.backends.xla.bench.profile import Profile
from netwright.backends.xla.engines.scopes import origin, scope_name
from netwright.cli import main

SPEC = """netwright: 1
name: t
inputs: {x: "f32[N, 4]"}
blocks:
  x -> pair(units): x -> dense(units) -> relu -> dense(units)
model: x -> pair(4) * 3 -> dense(4) * 2
train: {loss: mse}
"""


# ---------------------------------------------------------------- scopes


#: what TensorFlow takes for the name of a scope
TAKEN = r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*"


@pytest.mark.parametrize(
    "path",
    ["dense", "stage[0]/bottleneck[12]/conv2d", "ops.relu[1]", 'it\'s "x"[3]', "f(g(n), y=1) -> h[0]/a.1", "größe[2]b"],
)
def test_a_scope_is_read_back_from_what_frameworks_make_of_it(path: str) -> None:
    scope = scope_name(path)
    assert re.fullmatch(TAKEN, scope)
    assert origin(f"jit(step)/jvp({scope})/dense/dot_general") == (path, False)
    assert origin(f"jit(step)/transpose(jvp({scope}))/dense/dot_general") == (path, True)
    assert origin(f"{scope}/dense/MatMul") == (path, False)
    assert origin(f"gradient_tape/{scope}/dense/MatMul") == (path, True)


def test_the_innermost_scope_counts_and_without_one_nothing_is_known() -> None:
    outer, inner = scope_name("lstm"), scope_name("lstm/dense")
    assert origin(f"jit(step)/{outer}/while/body/{inner}/add") == ("lstm/dense", False)
    assert origin("jit(step)/add") is None


# ---------------------------------------------------------------- the program's text

HLO = """HloModule jit_step, is_scheduled=true

%fused (p: f32[4]) -> f32[4] {
  %p = f32[4]{0} parameter(0)
  %mul.1 = f32[4]{0} multiply(%p, %p), metadata={op_name="jit(step)/jvp(spec./a/.spec)/mul"}
  ROOT %neg.1 = f32[4]{0} negate(%mul.1)
}

%body (t: (s32[], f32[4])) -> (s32[], f32[4]) {
  %t = (s32[], f32[4]{0}) parameter(0)
  %inner.1 = f32[4]{0} add(%t, %t), metadata={op_name="jit(step)/transpose(jvp(spec./b.0/.spec))/add"}
  ROOT %out = (s32[], f32[4]{0}) tuple(%t, %inner.1)
}

ENTRY %main (x: f32[4]) -> f32[4] {
  %x = f32[4]{0} parameter(0), metadata={op_name="inputs[\\'x\\']"}
  %fusion.1 = f32[4]{0} fusion(%x), kind=kLoop, calls=%fused
  %copy.1 = f32[4]{0} copy(%fusion.1)
  %dot.1 = f32[4]{0} dot(%copy.1, %x), metadata={op_name="jit(step)/jvp(spec./b.0/.spec)/dot_general"}
  %while.1 = (s32[], f32[4]{0}) while(%dot.1), condition=%c, body=%body, metadata={op_name="jit(step)/while"}
  %copy.2 = f32[4]{0} copy(%dot.1)
  ROOT %tuple.1 = (f32[4]{0}) tuple(%copy.2)
}
"""


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("dot.1", ("b[0]", False)),  # as its metadata say
        ("inner.1", ("b[0]", True)),  # in a loop
        ("fusion.1", ("a", False)),  # as most of what is fused in it
        ("copy.1", ("b[0]", False)),  # as what takes it
        ("copy.2", ("b[0]", False)),  # as what makes it
    ],
)
def test_where_an_operation_comes_from(operation: str, expected: Any) -> None:
    assert origins(HLO)[operation] == expected


def test_what_only_runs_others_is_left_out() -> None:
    assert "while.1" not in origins(HLO)


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a[1]/b", ("a[0..2]", "a[0..2]/b")),
        ("a[3]/b", ("a[3]", "a[3]/b")),
        ("c", ("c",)),
        ("a[4]/b", ()),
        ("a/b", ()),
        ("train.loss", ()),
    ],
)
def test_the_rows_around_a_place(path: str, expected: tuple[str, ...]) -> None:
    assert Places(["a[0..2]", "a[0..2]/b", "a[3]", "a[3]/b", "c"]).around(path) == expected


# ---------------------------------------------------------------- the table

SECONDS = {
    ("pair[0]/dense[0]", False): 0.1,
    ("pair[2]/dense[0]", True): 0.2,
    ("pair[1]/dense[1]", False): 0.1,
    ("dense[1]", True): 0.3,
    ("train.loss", True): 0.1,
    ("train.optimizer", False): 0.1,
    None: 0.1,
}
TABLE = """\
layer            forward  backward  share
─────────────────────────────────────────
pair[0..2] × 3    200 ms    200 ms  40.0%
  dense[0]        100 ms    200 ms  30.0%
  relu                               0.0%
  dense[1]        100 ms            10.0%
dense[0..1] × 2             300 ms  30.0%
─────────────────────────────────────────
(loss)                      100 ms  10.0%
(optimizer)       100 ms            10.0%
(other)           100 ms            10.0%"""


@pytest.fixture
def model(tmp_path: Path) -> Model:
    path = tmp_path / "t.yaml"
    path.write_text(SPEC)
    return compile_spec(path)


def table(model: Model, depth: int | None = None) -> ProfileTable:
    case = case_of(model, {}, None, Conditions())
    return ProfileTable(model, case, Profile("jax", "cpu", 0.9, SECONDS), depth)


def test_text(model: Model) -> None:
    assert profile_text(table(model)).partition("\n")[2] == TABLE


def test_json_adds_up(model: Model) -> None:
    found = json.loads(profile_json(table(model)))
    assert found["operations_s"] == pytest.approx(1)
    top = [row for row in found["rows"] if "/" not in row["path"]]
    assert sum(each["share"] for each in (*top, *found["beside"].values())) == pytest.approx(1)
    (pair,) = (row for row in top if row["op"] == "pair")
    assert (pair["path"], pair["line"], pair["repeats"]) == ("pair[0..2]", 6, 3)
    assert (pair["forward_s"], pair["backward_s"]) == (pytest.approx(0.2), pytest.approx(0.2))


def test_depth_closes_blocks_and_keeps_what_is_in_them(model: Model) -> None:
    shown = json.loads(profile_json(table(model, depth=0)))["rows"]
    assert [row["path"] for row in shown] == ["pair[0..2]", "dense[0..1]"]
    assert shown[0]["share"] == pytest.approx(0.4)


def test_the_command(model: Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = []

    def profile(case: Any) -> Profile:
        given.append(case)
        return Profile("jax", "cpu", 0.9, SECONDS)

    monkeypatch.setattr("netwright.backends.xla.bench.profile.profile", profile)
    assert main(["profile", str(model.spec.source.path), "--batch", "3", "--engine", "jax", "--steps", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{model.spec.source.path}: training, batch 3, jax on cpu; a step takes 900 ms")
    (case,) = given
    assert (case.batch, case.conditions.target.engine, case.conditions.steps) == (3, "jax", 2)
