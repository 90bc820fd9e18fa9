"""Diagnostics for programs. What each form must hold is from its own specification."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.render_formats import to_github, to_json, to_junit, to_sarif
from netwright.dsl.source import Source, Span

SOURCE = Source("my specs/a,b.yaml", "model: |\n  x -> dence(10)\n  -> relu\n")
START = SOURCE.text.index("dence")
ERROR = Diagnostic(
    "unknown-operator",
    "there is no operator 'dence'",
    Span(SOURCE, START, START + 5),
    "not known",
    (Label(Span(SOURCE, 0, 5), "in this model"),),
    ("100% sure",),
    "write dense",
)
WARNING = Diagnostic("unused-block", "nothing calls\x1b <f>", Span(SOURCE, START, len(SOURCE.text)), severity="warning")
PLACELESS = Diagnostic("unknown-param", "no param 'x'", None)


def test_json_has_the_keys_and_figures_of_the_contract() -> None:
    file = "my specs/a,b.yaml"
    place = {"file": file, "line": 2, "column": 8, "end_line": 2, "end_column": 13}
    assert to_json(ERROR) == {
        "code": "unknown-operator",
        "severity": "error",
        "message": "there is no operator 'dence'",
        **place,
        "labels": [
            {**place, "text": "not known"},
            {"file": file, "line": 1, "column": 1, "end_line": 1, "end_column": 6, "text": "in this model"},
        ],
        "notes": ["100% sure"],
        "help": "write dense",
    }


def test_json_of_a_diagnostic_without_place_has_nulls() -> None:
    data = json.loads(json.dumps(to_json(PLACELESS)))
    assert data["file"] is data["line"] is data["end_column"] is data["help"] is None
    assert data["labels"] == data["notes"] == []


def test_github_commands_are_one_escaped_line_each() -> None:
    error, warning, placeless = to_github([ERROR, WARNING, PLACELESS]).split("\n")
    assert error == (
        "::error file=my specs/a%2Cb.yaml,line=2,endLine=2,col=8,endColumn=13,title=unknown-operator"
        "::there is no operator 'dence'%0A100%25 sure%0Ahelp: write dense"
    )
    # A span of several lines has no columns.
    assert warning == ("::warning file=my specs/a%2Cb.yaml,line=2,endLine=4,title=unused-block::nothing calls\\x1b <f>")
    assert placeless == "::error title=unknown-param::no param 'x'"


def test_sarif_points_at_the_place_and_describes_its_rules() -> None:
    log = json.loads(json.dumps(to_sarif([ERROR, PLACELESS, ERROR], "0.1.0")))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["unknown-operator", "unknown-param"]
    first, placeless, _ = run["results"]
    assert (first["ruleId"], first["level"]) == ("unknown-operator", "error")
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "my%20specs/a%2Cb.yaml"
    assert physical["region"] == {"startLine": 2, "startColumn": 8, "endLine": 2, "endColumn": 13}
    assert first["relatedLocations"][0]["message"] == {"text": "in this model"}
    assert "locations" not in placeless


def test_junit_has_a_case_a_file_and_at_most_one_failure_in_each() -> None:
    text = to_junit({"bad.yaml": [ERROR, WARNING, PLACELESS], "warned.yaml": [WARNING], "good.yaml": []})
    suite = ElementTree.fromstring(text.encode()).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")
    bad, warned, good = suite.findall("testcase")
    (failure,) = bad.findall("failure")
    assert failure.get("type") == "unknown-operator"
    assert "2 |   x -> dence(10)" in (failure.text or "")
    assert "no param 'x'" in (failure.text or "")
    assert warned.find("failure") is None
    assert "nothing calls\\x1b <f>" in (warned.findtext("system-out") or "")
    assert (good.get("name"), len(good)) == ("good.yaml", 0)
