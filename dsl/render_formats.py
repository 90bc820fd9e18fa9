"""Owns the forms of diagnostics that programs read: JSON, GitHub annotations, SARIF 2.1.0, JUnit XML.
Lines and columns count from 1, in Unicode code points; an end column is the one after the last character."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from netwright.dsl.codes import CODES
from netwright.dsl.diagnostics import Diagnostic, Label
from netwright.dsl.display import escape
from netwright.dsl.render import render_text
from netwright.dsl.source import Span

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_json(diagnostic: Diagnostic) -> dict[str, Any]:
    """The diagnostic as plain data. The primary place's own text, if any, is the first of `labels`."""
    labels = [label for label in (_primary(diagnostic), *diagnostic.labels) if label and label.text]
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "labels": [{**_place(label.span), "text": label.text} for label in labels],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def to_github(diagnostics: Iterable[Diagnostic]) -> str:
    """One workflow command a line, which GitHub shows beside the changed lines of a pull request."""
    return "\n".join(_github_command(diagnostic) for diagnostic in diagnostics)


def to_sarif(diagnostics: Iterable[Diagnostic], version: str) -> dict[str, Any]:
    """A SARIF log with one run; `version` is the tool's."""
    found = list(diagnostics)
    rules = [{"id": code, "shortDescription": {"text": CODES[code]}} for code in sorted({d.code for d in found})]
    driver = {"name": "netwright", "version": version, "rules": rules}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": [_sarif_result(d) for d in found]}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def to_junit(checked: Mapping[str, Sequence[Diagnostic]]) -> str:
    """JUnit XML from each checked file's diagnostics: a file is a test case, and fails if it has errors."""
    failed = sum(any(d.severity == "error" for d in found) for found in checked.values())
    cases = "".join(_junit_case(file, found) for file, found in checked.items())
    counts = f'tests="{len(checked)}" failures="{failed}" errors="0" skipped="0"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites {counts}>\n<testsuite name="netwright" {counts}>\n{cases}</testsuite>\n</testsuites>\n'
    )


def _primary(diagnostic: Diagnostic) -> Label | None:
    return Label(diagnostic.span, diagnostic.label) if diagnostic.span else None


def _place(span: Span | None) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _explanation(diagnostic: Diagnostic) -> str:
    """Message, notes and help as lines."""
    helps = [] if diagnostic.help is None else [f"help: {diagnostic.help}"]
    lines = "\n".join([diagnostic.message, *diagnostic.notes, *helps]).splitlines()
    return "\n".join(escape(line) for line in lines)


# ---------------------------------------------------------------- GitHub


def _github_command(diagnostic: Diagnostic) -> str:
    properties = _github_place(diagnostic.span) | {"title": diagnostic.code}
    listed = ",".join(f"{key}={_github_property(str(value))}" for key, value in properties.items())
    return f"::{diagnostic.severity} {listed}::{_github_data(_explanation(diagnostic))}"


def _github_place(span: Span | None) -> dict[str, str | int]:
    """GitHub takes columns only where a span has one line."""
    if span is None:
        return {}
    place: dict[str, str | int] = {"file": span.source.name, "line": span.line, "endLine": span.end_line}
    if span.line == span.end_line:
        place |= {"col": span.column, "endColumn": span.end_column}
    return place


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")


# ---------------------------------------------------------------- SARIF


def _sarif_result(diagnostic: Diagnostic) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": _explanation(diagnostic)},
    }
    if primary := _primary(diagnostic):
        result["locations"] = [_sarif_location(primary)]
    if diagnostic.labels:
        result["relatedLocations"] = [_sarif_location(label) for label in diagnostic.labels]
    return result


def _sarif_location(label: Label) -> dict[str, Any]:
    from urllib.parse import quote

    span = label.span
    region = {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": span.end_line,
        "endColumn": span.end_column,
    }
    uri = quote(span.source.name.replace("\\", "/"), errors="surrogateescape")
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}
    return place | {"message": {"text": label.text}} if label.text else place


# ---------------------------------------------------------------- JUnit


def _junit_case(file: str, found: Sequence[Diagnostic]) -> str:
    """A test case has one failure at most, so the errors stand in it together; warnings are its output."""
    from xml.sax.saxutils import escape as xml, quoteattr

    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    warnings = [diagnostic for diagnostic in found if diagnostic.severity == "warning"]
    parts = []
    if errors:
        message, kind = quoteattr(escape(errors[0].message)), quoteattr(errors[0].code)
        parts.append(f"<failure message={message} type={kind}>{xml(_rendered(errors))}</failure>\n")
    if warnings:
        parts.append(f"<system-out>{xml(_rendered(warnings))}</system-out>\n")
    return f'<testcase classname="netwright" name={quoteattr(escape(file))}>\n{"".join(parts)}</testcase>\n'


def _rendered(diagnostics: Sequence[Diagnostic]) -> str:
    return "\n\n".join(render_text(diagnostic) for diagnostic in diagnostics)
