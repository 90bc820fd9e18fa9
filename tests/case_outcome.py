"""Owns what comes of a case: the spec compiled, and every difference from what its page expects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from case_pages import Case, Claim, claims

import netwright
from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.render import render_text


@dataclass
class Outcome:
    """The compiled case; without a model if the spec has errors. `folder` holds its files, if it has several."""

    case: Case
    folder: Path
    model: netwright.Model | None
    diagnostics: list[Diagnostic]

    @property
    def texts(self) -> dict[str, str]:
        """The spec, named '', and the files beside it."""
        return {"": self.case.spec.text} | {block.name: block.text for block in self.case.files}

    def place(self, diagnostic: Diagnostic) -> tuple[str, int]:
        """(file, line); what has no place is said to stand on the first line."""
        if diagnostic.span is None:
            return "", 1
        name = diagnostic.span.source.name.removeprefix(f"{self.folder}/")
        return name if name in self.texts else "", diagnostic.span.line

    def revealed(self, line: int) -> list[str]:
        return [str(type) for type in self.model.types_at_line(line)] if self.model else []

    @property
    def output(self) -> str:
        """All diagnostics as the terminal shows them."""
        text = "\n\n".join(render_text(diagnostic) for diagnostic in self.diagnostics)
        return text.replace(f"{self.folder}/", "") + "\n"


def compile_case(case: Case, folder: Path) -> Outcome:
    """Compile the spec: as a text, or, where it uses other specs, in a folder with the files beside it."""
    setup = yaml.safe_load(case.setup)
    spec: str | Path = case.spec.text
    for block in case.files:
        (folder / block.name).parent.mkdir(parents=True, exist_ok=True)
        (folder / block.name).write_text(block.text, encoding="utf-8")
    if "\nuse:" in case.spec.text:
        spec = folder / "spec.yaml"
        spec.write_text(case.spec.text, encoding="utf-8")
    try:
        model = netwright.compile(spec, params=setup.get("params"), preset=setup.get("preset"))
    except netwright.SpecError as error:
        return Outcome(case, folder, None, error.diagnostics)
    return Outcome(case, folder, model, model.diagnostics)


def differences(outcome: Outcome) -> list[str]:
    """Everything that is not as the page expects, in words."""
    case = outcome.case
    found = [*_unmet(outcome)]
    if case.output and case.output.text != outcome.output:
        found.append(f"the output is not that of line {case.output.line}, but\n{outcome.output}")
    if case.report:
        actual = outcome.model.report() if outcome.model else None
        found += _not_part(json.loads(case.report.text), actual, "report")
    return found


def _unmet(outcome: Outcome) -> Iterator[str]:
    for file, text in outcome.texts.items():
        expected = claims(text)
        actual = [diagnostic for diagnostic in outcome.diagnostics if outcome.place(diagnostic)[0] == file]
        unclaimed, unmet = match(outcome, expected, actual)
        where = f"{file or 'spec'}, line"
        yield from (f"{where} {claim.line}: expected {claim.kind}: {claim.text}" for claim in unmet)
        for diagnostic in unclaimed:
            yield f"{where} {outcome.place(diagnostic)[1]}: nothing expects\n{render_text(diagnostic)}"
        for line in dict.fromkeys(claim.line for claim in expected if claim.kind == "revealed"):
            types = [claim.text for claim in expected if claim.kind == "revealed" and claim.line == line]
            if not reveals(outcome.revealed(line), types):
                yield f"{where} {line}: expected {', '.join(types)}, revealed is {outcome.revealed(line)}"


def reveals(actual: list[str], expected: list[str]) -> bool:
    """The last type is the whole expression's; those before it came on the way, or in earlier calls of a block."""
    return actual[-1:] == expected[-1:] and all(type in actual for type in expected)


def match(outcome: Outcome, expected: list[Claim], actual: list[Diagnostic]) -> tuple[list[Diagnostic], list[Claim]]:
    """Each diagnostic meets one claim; left are diagnostics without a claim and claims without a diagnostic."""
    unmet = [claim for claim in expected if claim.kind != "revealed"]
    unclaimed = []
    for diagnostic in actual:
        claim = next((claim for claim in unmet if _meets(outcome, diagnostic, claim)), None)
        if claim is None:
            unclaimed.append(diagnostic)
        else:
            unmet.remove(claim)
    return unclaimed, unmet


def _meets(outcome: Outcome, diagnostic: Diagnostic, claim: Claim) -> bool:
    column = diagnostic.span.column if diagnostic.span else 1
    return (
        (diagnostic.severity, diagnostic.code) == (claim.kind, claim.code)
        and outcome.place(diagnostic)[1] == claim.line
        and claim.column in {None, column}
        and claim.message in _said(diagnostic)
    )


def _said(diagnostic: Diagnostic) -> str:
    labels = [label.text for label in diagnostic.labels]
    return "\n".join([diagnostic.message, diagnostic.label, *labels, *diagnostic.notes, diagnostic.help or ""])


def _not_part(expected: Any, actual: Any, path: str) -> Iterator[str]:
    """Where `actual` lacks what is expected: mappings may have more keys, lists are compared item by item."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            yield from _not_part(value, actual.get(key), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from _not_part(left, right, f"{path}[{index}]")
    elif expected != actual:
        yield f"{path}: expected {expected!r}, found {actual!r}"
