"""Every spec on the Markdown pages of tests/cases does what the comments in it say. `--update-cases` rewrites them."""

from __future__ import annotations

from pathlib import Path

import pytest
from case_outcome import compile_case, differences
from case_pages import Case, claims, read_cases
from case_update import update_case

from netwright.dsl.codes import CODES

TESTS = Path(__file__).parent
CASES = [
    (case, index) for page in sorted((TESTS / "cases").glob("*.md")) for index, case in enumerate(read_cases(page))
]

# Codes of faults that no text on a page can have, and the tests that cover them.
ELSEWHERE = {
    "bad-encoding": "dsl/test_yaml_safety.py::test_encodings",
    "file-too-large": "dsl/test_yaml_safety.py::test_a_text_too_large",
    "train-data": "xla/test_train_data.py::test_an_unknown_set_gets_a_suggestion",
    "train-target": "xla/test_train_data.py::test_a_sparse_loss_given_one_hot_targets",
}


@pytest.mark.parametrize(("case", "index"), [pytest.param(*item, id=item[0].id) for item in CASES])
def test_case(case: Case, index: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-cases"):
        update_case(case.page, index, tmp_path)
        return
    found = differences(compile_case(case, tmp_path))
    assert not found, f"{case.page}:{case.spec.line}: {case.title}\n" + "\n".join(found)


def test_every_code_has_a_case() -> None:
    texts = [block.text for case, _ in CASES for block in (case.spec, *case.files)]
    claimed = {claim.code for text in texts for claim in claims(text)}
    assert CODES.keys() - claimed - ELSEWHERE.keys() == set()


def test_errors_are_claimed_with_words_and_a_column() -> None:
    """What has no place in the file (a param from outside) stands on the first line, without a column."""
    vague = [
        f"{case.id}: {claim.text}"
        for case, _ in CASES
        for block in (case.spec, *case.files)
        for claim in claims(block.text)
        if claim.kind != "revealed" and not (claim.message and (claim.column or "# compile:" in block.text))
    ]
    assert not vague


@pytest.mark.parametrize("code", ELSEWHERE)
def test_a_code_without_a_case_has_the_test_that_is_named(code: str) -> None:
    file, _, name = ELSEWHERE[code].partition("::")
    text = (TESTS / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text
    assert code in text
