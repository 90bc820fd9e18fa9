"""The command line in process: what each command prints, in which format, and with which exit status."""

from __future__ import annotations

import gc
import importlib
import json
import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest

from netwright.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
GOOD = """\
netwright: 1
name: good
params: {width: 3}
inputs: {x: "f32[N, 4]"}
model: x -> dense(width)
checks: [params == 5 * width]
"""
CLAIM = GOOD.replace("5 * width", "15").replace("name: good", "name: claim")
FAMILY = """\
netwright: 1
params: {width: 4}
presets:
  small: {width: 2}
  large: {width: 66}
inputs: {x: "f32[N, 1]"}
model: x -> dense(width)
checks:
  - params < 100
  - small: params == 4
  - large: [params == 4]
"""
BAD = GOOD.replace("dense", "dnse").replace("name: good", "name: bad")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good spec, one whose claim holds only by default, and a bad one."""
    for name, spec in {
        "good.yaml": GOOD,
        "claim.yaml": CLAIM,
        "deep/bad.yml": BAD,
        "compose.yaml": "services: {}",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(spec)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def family(folder: Path) -> str:
    """A spec with three members, of which one fails in two checks."""
    (folder / "family.yaml").write_text(FAMILY)
    return "family.yaml"


def out(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What a command prints; its exit status must be the one given."""
    assert main(arguments) == status
    return capsys.readouterr().out


# ---------------------------------------------------------------- check


@pytest.mark.usefixtures("folder")
class TestCheck:
    def test_text(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", "good.yaml")
        assert printed.splitlines()[0] == "good.yaml: ok"
        assert "  params   15 (15 trainable)" in printed
        assert "✓ params == 5 * width" in printed

    def test_a_failed_check_is_status_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", "claim.yaml", "--set", "width=4", status=1)
        assert "error[check-failed]" in printed
        assert "claim.yaml: 1 error" in printed

    def test_several_files_are_all_checked(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", "deep/bad.yml", "good.yaml", status=1)
        assert "did you mean `dense`?" in printed
        assert "good.yaml: ok" in printed

    def test_json_is_an_object_for_one_and_a_list_for_several(self, capsys: pytest.CaptureFixture[str]) -> None:
        one = json.loads(out(capsys, "check", "good.yaml", "--format", "json"))
        assert one["params"] == {"total": 15, "trainable": 15, "non_trainable": 0}
        assert one["outputs"] == {"output": {"dtype": "f32", "shape": ["N", 3]}}
        several = json.loads(out(capsys, "check", "good.yaml", "deep/bad.yml", "--format", "json", status=1))
        assert [(item["ok"], len(item["diagnostics"])) for item in several] == [(True, 0), (False, 1)]

    def test_what_is_wrong_from_outside_names_the_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        given = ("good.yaml", "claim.yaml", "--set", "widht=3", "--set", "depth=2", "--preset", "large")
        found = json.loads(out(capsys, "check", *given, "--format", "json", status=1))
        places = [(item["file"], item["line"]) for report in found for item in report["diagnostics"]]
        assert places == [(file, 1) for file in ("good.yaml", "claim.yaml") for _ in range(3)]

    def test_a_folder_stands_for_the_specs_below_it(self, capsys: pytest.CaptureFixture[str]) -> None:
        found = json.loads(out(capsys, "check", ".", "good.yaml", "--format", "json", status=1))
        assert [item["file"] for item in found] == ["claim.yaml", "deep/bad.yml", "good.yaml"]

    def test_a_folder_without_specs_is_an_error(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "empty").mkdir()
        assert "there is no spec in the folder `empty`" in out(capsys, "check", "empty", status=1)

    def test_a_missing_file_is_an_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "error[unreadable-file]" in out(capsys, "check", "missing.yaml", "good.yaml", status=1)

    def test_a_spec_with_presets_is_checked_with_each(self, family: str, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", family, status=1)
        assert printed.count("error[check-failed]") == 2
        assert printed.splitlines()[-4:] == [
            "family.yaml: 2 errors",
            "  default    8 params   4 MACs  ✓ 1 check",
            "  small      4 params   2 MACs  ✓ 2 checks",
            "  large    132 params  66 MACs  ✗ 2 of 2 checks",
        ]

    def test_one_member_alone(self, family: str, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", family, "--preset", "small")
        assert printed.splitlines()[0] == "family.yaml: ok"
        assert "  ✓ params == 4" in printed
        assert "  params   2 " in out(capsys, "check", family, "--set", "width=1")

    def test_the_members_in_json(self, family: str, capsys: pytest.CaptureFixture[str]) -> None:
        report = json.loads(out(capsys, "check", family, "--format", "json", status=1))
        assert not report["ok"]
        assert report["params"]["total"] == 8
        assert [(item["preset"], item["ok"]) for item in report["members"]] == [
            (None, True),
            ("small", True),
            ("large", False),
        ]
        assert report["members"][1]["checks"][1] == {"text": "params == 4", "ok": True, "found": 4}
        assert [item["notes"] for item in report["diagnostics"]] == [["of the member large"]] * 2

    def test_a_member_with_errors_leaves_the_others(
        self, folder: Path, family: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        text = FAMILY.replace("large: {width: 66}", "large: {width: -1}\n  same: {width: 4}")
        (folder / "family.yaml").write_text(text, encoding="utf-8")
        printed = out(capsys, "check", family, status=1)
        assert "of the member large" in printed
        assert printed.splitlines()[-4:] == [
            "family.yaml: 1 error",
            "  small  4 params  2 MACs  ✓ 2 checks",
            "  large                    ✗ 1 error",
            "  same   8 params  4 MACs  ✓ 1 check",
        ]
        report = json.loads(out(capsys, "check", family, "--format", "json", status=1))
        assert report["preset"] == "same"
        assert report["members"][1] == {"preset": "large", "ok": False}

    def test_github(self, capsys: pytest.CaptureFixture[str]) -> None:
        printed = out(capsys, "check", ".", "--format", "github", status=1)
        assert printed == (
            "::error file=deep/bad.yml,line=5,endLine=5,col=13,endColumn=17,title=unknown-operator::"
            "no layer, block or operator 'dnse' is known here%0Ahelp: did you mean `dense`?\n"
        )

    def test_github_prints_nothing_where_all_is_well(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert out(capsys, "check", "good.yaml", "--format", "github") == ""

    def test_sarif(self, capsys: pytest.CaptureFixture[str]) -> None:
        (run,) = json.loads(out(capsys, "check", ".", "--format", "sarif", status=1))["runs"]
        assert [result["ruleId"] for result in run["results"]] == ["unknown-operator"]

    def test_junit(self, capsys: pytest.CaptureFixture[str]) -> None:
        root = ElementTree.fromstring(out(capsys, "check", ".", "--format", "junit", status=1))
        cases = {case.get("name"): len(case) for case in root.iter("testcase")}
        assert cases == {"claim.yaml": 0, "good.yaml": 0, "deep/bad.yml": 1}

    def test_the_garbage_collector_runs_again_afterwards(self, capsys: pytest.CaptureFixture[str]) -> None:
        out(capsys, "check", "deep/bad.yml", status=1)
        assert gc.isenabled()

    def test_a_pipe_gets_no_colors(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        assert "\x1b" not in out(capsys, "check", ".", status=1)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["chek", "x.yaml"],
        ["check"],
        ["check", "x.yaml", "--set", "width"],
        ["check", "x.yaml", "--format", "xml"],
        ["summary", "x.yaml", "--batch", "0"],
        ["draw", "x.yaml", "--depth", "-1"],
    ],
)
def test_a_wrong_command_line_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: netwright" in capsys.readouterr().err


# ---------------------------------------------------------------- the others


@pytest.mark.usefixtures("folder")
class TestSummaryAndDraw:
    def test_summary(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert re.search(
            r"^dense +f32\[N, 5\] +25 +20 +20 B +0 B$", out(capsys, "summary", "good.yaml", "--set", "width=5"), re.M
        )
        assert json.loads(out(capsys, "summary", "good.yaml", "--format", "json"))["params"]["total"] == 15
        assert out(capsys, "summary", "good.yaml", "--format", "csv").splitlines()[1].startswith("dense,dense,")
        assert out(capsys, "summary", "good.yaml", "--format", "markdown").startswith("| layer | output |")

    def test_errors_go_to_standard_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        for command in ("summary", "draw"):
            assert main([command, "deep/bad.yml"]) == 1
            printed = capsys.readouterr()
            assert printed.out == ""
            assert "error[unknown-operator]" in printed.err

    def test_draw_writes_by_the_files_ending(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for name, start in {"a.svg": "<svg", "a.html": "<!doctype html>", "a.mmd": "%% Written by Netwright"}.items():
            assert out(capsys, "draw", "good.yaml", "-o", name) == ""
            assert (folder / name).read_text().startswith(start)

    def test_format_goes_before_the_ending(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert out(capsys, "draw", "good.yaml", "--format", "mermaid").startswith("%%")
        assert out(capsys, "draw", "good.yaml").startswith("<svg")

    @pytest.mark.slow
    def test_draw_says_what_its_limits_leave_out(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        wide = " -> ".join(["f"] * 2000)
        blocks = f"blocks:\n  x -> f: x -> relu -> relu\n  x -> g: x -> {wide}\n"
        (folder / "wide.yaml").write_text(GOOD.replace("model: x", f"{blocks}model: x -> g"))
        for form in ("mermaid", "svg", "html"):
            assert main(["draw", "wide.yaml", "--depth", "2", "--format", form]) == 0
            printed = capsys.readouterr()
            said = "blocks are opened to depth 1, not 2: a drawing has at most 4,000 items"
            assert said in printed.out
            assert printed.err == f"netwright: {said}\n"

    def test_draw_replaces_its_own_files_only(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (folder / "mine.svg").write_text("<svg>by hand</svg>")
        assert main(["draw", "good.yaml", "-o", "mine.svg"]) == 1
        assert "--force replaces it" in capsys.readouterr().err
        assert (folder / "mine.svg").read_text() == "<svg>by hand</svg>"
        for arguments in (["--force"], []):
            assert main(["draw", "good.yaml", "-o", "mine.svg", *arguments]) == 0
        assert "Written by Netwright" in (folder / "mine.svg").read_text()


def test_ops_lists_and_shows(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\nconvolution\n" in out(capsys, "ops")
    assert out(capsys, "ops", "Dense").startswith("x -> dense(units, ")
    assert json.loads(out(capsys, "ops", "lstm", "--format", "json"))["keras"] == "layers.LSTM"
    assert {"name", "family", "keras", "about"} == set(json.loads(out(capsys, "ops", "--format", "json"))[0])


def test_ops_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ops", "cosine_decy"]) == 2
    assert "did you mean `cosine_decay`?" in capsys.readouterr().err


def test_schema_is_a_json_schema(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(out(capsys, "schema"))
    assert "netwright" in schema["properties"]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert re.fullmatch(r"netwright \d+\.\d+\.\d+\n", capsys.readouterr().out)


# ---------------------------------------------------------------- help


def examples(command: str) -> list[str]:
    """The command lines in a command's help."""
    text = importlib.import_module(f"netwright.commands.{command}").__doc__ or ""
    lines = (line.split("#")[0].strip() for line in text.splitlines() if line.startswith("  netwright "))
    return [re.sub(r"\s*>.*", "", line) for line in lines]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert examples(command)
    assert examples(command)[0] in capsys.readouterr().out


EVERY_SPEC = "netwright check specs --format json"
FRAMEWORK_FREE = [line for name in ("check", "summary", "draw", "ops", "schema", "emit") for line in examples(name)]


@pytest.mark.parametrize(
    "line", [pytest.param(line, marks=pytest.mark.slow) if line == EVERY_SPEC else line for line in FRAMEWORK_FREE]
)
def test_the_examples_of_the_help_work(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "specs").symlink_to(ROOT / "specs")
    (tmp_path / "net.yaml").write_text(GOOD.replace("width", "classes"))
    monkeypatch.chdir(tmp_path)
    assert main(shlex.split(line)[1:]) == 0
    assert capsys.readouterr().err.count("error") == 0
