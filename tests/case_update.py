"""Owns rewriting the expectations of a page from what really comes (`--update-cases`). Read the difference before you
keep it: what is written is what happens, not what should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from case_outcome import Outcome, compile_case, match, reveals
from case_pages import Block, Claim, claims, read_cases, without_claims

from netwright.dsl.diagnostics import Diagnostic


def update_case(page: Path, index: int, folder: Path) -> None:
    """Rewrite the expectations of the page's case number `index`."""
    case = read_cases(page)[index]
    outcome = compile_case(case, folder)
    changed = [(case.spec, _with_claims(outcome, ""))]
    changed += [(block, _with_claims(outcome, block.name)) for block in case.files]
    if case.output:
        changed.append((case.output, outcome.output))
    if case.report and outcome.model:
        expected = json.loads(case.report.text)
        found = _updated(expected, outcome.model.report())
        if found != expected:  # what holds keeps its layout
            changed.append((case.report, json.dumps(found, indent=2, ensure_ascii=False) + "\n"))
    _replace(page, [(block, text) for block, text in changed if block.text != text])


def _replace(page: Path, changed: list[tuple[Block, str]]) -> None:
    lines = page.read_text(encoding="utf-8").split("\n")
    for block, text in sorted(changed, key=lambda change: change[0].line, reverse=True):
        first = block.line - 1
        lines[first : first + block.text.count("\n")] = text.split("\n")[:-1]
    page.write_text("\n".join(lines), encoding="utf-8")


def _with_claims(outcome: Outcome, file: str) -> str:
    """The spec with the claims that are met, those of types mended, and new ones for what nothing claims."""
    text = outcome.texts[file]
    expected = claims(text)
    actual = [diagnostic for diagnostic in outcome.diagnostics if outcome.place(diagnostic)[0] == file]
    unclaimed, unmet = match(outcome, expected, actual)
    kept = [_mended(outcome, expected, claim) for claim in expected if claim not in unmet]
    kept += [_new_claim(outcome, diagnostic) for diagnostic in unclaimed]
    if kept == expected:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        comments = [f"# {claim.kind}: {claim.text}" for claim in kept if claim.at == number]
        bare = without_claims(line)
        if comments or bare != line.rstrip():
            lines[number - 1] = "  ".join([bare, *comments] if bare else [_indent(line) + comments[0], *comments[1:]])
    return "\n".join(lines)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _mended(outcome: Outcome, expected: list[Claim], claim: Claim) -> Claim:
    """A claim of a type says what is revealed; of several on a line, the last types."""
    if claim.kind != "revealed":
        return claim
    same = [other for other in expected if other.kind == "revealed" and other.line == claim.line]
    actual = outcome.revealed(claim.line)
    if reveals(actual, [other.text for other in same]) or len(actual) < len(same):
        return claim
    return Claim(claim.kind, claim.line, claim.at, actual[len(actual) - len(same) + same.index(claim)])


def _new_claim(outcome: Outcome, diagnostic: Diagnostic) -> Claim:
    line = outcome.place(diagnostic)[1]
    column = f"{diagnostic.span.column} " if diagnostic.span else ""
    return Claim(diagnostic.severity, line, line, f'{column}[{diagnostic.code}] "{diagnostic.message}"')


def _updated(expected: Any, actual: Any) -> Any:
    """What is expected, with the values that are found: the same keys, and whole lists."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: _updated(value, actual.get(key)) for key, value in expected.items()}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [_updated(left, right) for left, right in zip(expected, actual, strict=True)]
    return actual
