"""The runner of the Markdown cases notices every kind of difference, and rewrites a page to what comes."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_outcome import compile_case, differences
from case_pages import Block, Case, claims, read_cases
from case_update import update_case

SPEC = """\
netwright: 1
inputs:
  x: f32[N, 64]
model: |
  h = x -> dense(32){binding}
  {above}
  h -> {layer}{result}
"""


def page(tmp_path: Path, **parts: str) -> Path:
    spec = SPEC.format(**{"binding": "", "above": "# nothing", "layer": "dense(10)", "result": "", **parts})
    path = tmp_path / "page.md"
    path.write_text(f"# Page\n\n## Title\n\n```yaml\n{spec}```\n", encoding="utf-8")
    return path


def outcome(tmp_path: Path, path: Path) -> list[str]:
    (case,) = read_cases(path)
    return differences(compile_case(case, tmp_path))


GOOD = [
    {},
    {"binding": " # revealed: f32[N, 32]", "result": " # revealed: f32[N, 10]"},
    {"layer": "dence(10)", "result": "  # error: [unknown-operator]"},
    {"layer": "dence(10)", "result": '  # error: 8 [unknown-operator] "dence"'},
    {"layer": "dence(10)", "above": "# error: [unknown-operator]"},
    {"layer": "dence(unit=1)", "result": "# error: [unknown-operator]"},
]

BAD = [
    ({"layer": "dence(10)"}, "nothing expects\nerror[unknown-operator]"),
    ({"result": " # error: [unknown-operator]"}, "expected error: [unknown-operator]"),
    ({"layer": "dence(10)", "result": " # warning: [unknown-operator]"}, "expected warning"),
    ({"layer": "dence(10)", "result": " # error: [unknown-name]"}, "expected error: [unknown-name]"),
    ({"layer": "dence(10)", "result": " # error: 9 [unknown-operator]"}, "expected error: 9"),
    ({"layer": "dence(10)", "result": ' # error: [unknown-operator] "dense_"'}, "expected error"),
    ({"layer": "dence(10)", "binding": " # error: [unknown-operator]"}, "expected error"),
    ({"binding": " # revealed: f32[N, 31]"}, "revealed is ['f32[N, 32]']"),
    ({"binding": " # revealed: f32[N, 64]"}, "revealed is"),
    ({"layer": "dence(10)", "binding": " # revealed: f32[N, 32]"}, "revealed is []"),
]


@pytest.mark.parametrize("parts", GOOD)
def test_what_is_as_expected_has_no_difference(tmp_path: Path, parts: dict[str, str]) -> None:
    assert outcome(tmp_path, page(tmp_path, **parts)) == []


@pytest.mark.parametrize(("parts", "words"), BAD)
def test_every_difference_is_found_and_update_mends_it(tmp_path: Path, parts: dict[str, str], words: str) -> None:
    path = page(tmp_path, **parts)
    assert words in "\n".join(outcome(tmp_path, path))
    update_case(path, 0, tmp_path)
    if "revealed is []" not in words:
        assert outcome(tmp_path, path) == []


def test_update_leaves_a_page_alone_that_is_right(tmp_path: Path) -> None:
    path = page(tmp_path, **GOOD[3])
    before = path.read_text(encoding="utf-8")
    update_case(path, 0, tmp_path)
    assert path.read_text(encoding="utf-8") == before


def test_output_and_report_are_compared_and_rewritten(tmp_path: Path) -> None:
    path = page(tmp_path, result=" # revealed: f32[N, 10]")
    with path.open("a", encoding="utf-8") as file:
        file.write(
            '\n```text diagnostics\nwrong\n```\n\n```json report\n{"params": {"total": 1}, "layers": [1]}\n```\nend\n'
        )
    found = "\n".join(outcome(tmp_path, path))
    assert "the output is not that of line" in found
    assert "report.params.total: expected 1, found 2410" in found
    assert "report.layers: expected [1]" in found
    update_case(path, 0, tmp_path)
    assert outcome(tmp_path, path) == []
    assert path.read_text(encoding="utf-8").endswith("```\nend\n")


def test_a_page_is_cut_into_cases_with_their_blocks(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(
        "# P\n## One\n```yaml lib/b.yaml\nb\n```\n```yaml\na\n```\n```text diagnostics\nt\n```\n"
        "```python\nx\n```\n## Two\n```yaml\n# compile: {preset: big}\n```\n",
        encoding="utf-8",
    )
    one, two = read_cases(path)
    assert (one.title, one.spec.text, one.spec.line) == ("One", "a\n", 7)
    assert [(block.name, block.text) for block in one.files] == [("lib/b.yaml", "b\n")]
    assert one.output is not None
    assert one.output.text == "t\n"
    assert (two.title, two.files, two.setup) == ("Two", [], "{preset: big}")


def test_a_case_has_its_files_beside_it(tmp_path: Path) -> None:
    path = page(tmp_path, layer="lib.head(10)")
    text = path.read_text(encoding="utf-8").replace("inputs:", "use: {lib: parts/lib.yaml}\ninputs:")
    library = "netwright: 1\nblocks:\n  x -> head(n): x -> dence(n)  # error: [unknown-operator]\n"
    path.write_text(text.replace("```yaml\n", f"```yaml parts/lib.yaml\n{library}```\n```yaml\n", 1), encoding="utf-8")
    assert outcome(tmp_path, path) == []


def test_claims_know_their_line_column_and_words() -> None:
    found = claims('a  # error: 3 [b-c] "say # this"  # revealed: f32[N]\n  # warning: [d]\n\nlast')
    assert [(claim.kind, claim.line, claim.at) for claim in found] == [
        ("error", 1, 1),
        ("revealed", 1, 1),
        ("warning", 4, 2),
    ]
    assert (found[0].code, found[0].column, found[0].message) == ("b-c", 3, "say # this")


def test_a_claim_that_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2: not of the form"):
        claims("a\nb # error: shape-mismatch")


def test_a_case_is_named_after_its_page_line_and_title() -> None:
    assert Case(Path("flow.md"), "A chain", Block("yaml", "", "", 12)).id == "flow:12-A chain"
