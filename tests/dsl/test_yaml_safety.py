"""Files and YAML that must be refused with a place and a cure, quickly, whatever stands in them."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from netwright.dsl import yaml_text
from netwright.dsl.diagnostics import Diagnostic, SpecError
from netwright.dsl.document import read_spec, read_spec_text

GOOD = 'netwright: 1\ninputs: {x: "f32[N, 3]"}\nmodel: x -> dense(4)\n'


def faults(text: str) -> list[Diagnostic]:
    with pytest.raises(SpecError) as caught:
        read_spec_text(text)
    return caught.value.diagnostics


def codes(text: str) -> list[str]:
    return [fault.code for fault in faults(text)]


def file_fault(path: Path | str) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        read_spec(path)
    [fault] = caught.value.diagnostics
    return fault


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def _each_loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of PyYAML: libyaml's, and the Python one where libyaml is missing."""
    loader = getattr(yaml, request.param, None)
    if loader is None:
        pytest.skip("PyYAML without libyaml")
    monkeypatch.setattr(yaml_text, "_loader", lambda: loader)


# ---------------------------------------------------------------- files


def test_a_missing_file(tmp_path: Path) -> None:
    fault = file_fault(tmp_path / "no.yaml")
    assert fault.code == "unreadable-file"
    assert "there is no such file" in fault.message


@pytest.mark.parametrize("path", ["a\0b", "x" * 5000])
def test_what_is_no_path(path: str) -> None:
    assert file_fault(path).code == "unreadable-file"


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "folder" in file_fault(tmp_path).message
    assert "pipe" in file_fault(tmp_path / "pipe").message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "a.yaml").chmod(0)
    assert "permission denied" in file_fault(tmp_path / "a.yaml").message


def test_a_hundred_megabytes_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    fault = file_fault(path)
    assert fault.code == "file-too-large"
    assert "100.0 MiB" in fault.message


def test_a_text_too_large() -> None:
    assert codes("#" * (4 * 2**20 + 1)) == ["file-too-large"]


@pytest.mark.parametrize(
    ("data", "line", "column", "words"),
    [
        (b"netwright: 1\nname: caf\xe9\n", 2, 10, "0xe9"),
        (b"\xef\xbb\xbfname: \xff\n", 1, 7, "0xff"),
        (GOOD.encode("utf-16"), 1, 1, "0xff"),
        (b"netwright: 1\nname: a\0b\n", 2, 8, "U+0000"),
        (b"netwright: 1\nname: a\x1b[31m\n", 2, 8, "U+001B"),
        ("name: a\u2028b\n".encode(), 1, 8, "U+2028"),
        (b"netwright: 1\rname: x\r", 1, 13, "carriage return"),
    ],
)
def test_encodings(tmp_path: Path, data: bytes, line: int, column: int, words: str) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    fault = file_fault(tmp_path / "a.yaml")
    assert fault.span is not None
    assert (fault.code, fault.span.line, fault.span.column) == ("bad-encoding", line, column)
    assert words in fault.message


def test_a_surrogate_in_a_text() -> None:
    assert codes("name: \ud800") == ["bad-encoding"]


@pytest.mark.usefixtures("_each_loader")
def test_byte_order_mark_and_carriage_returns_are_no_harm(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    spec = read_spec(tmp_path / "net.yaml")
    assert (spec.name, spec.inputs[0].span.line, spec.inputs[0].span.column) == ("net", 2, 10)


# ---------------------------------------------------------------- YAML that specs do without

FEATURES = {
    "anchor": ("netwright: 1\nname: &a x\n", 2, 7, "&a"),
    "alias": ("netwright: 1\nname: *a\n", 2, 7, "*a"),
    "tag": ("netwright: 1\nname: !!python/object/apply:os.system [echo]\n", 2, 7, "!!python/object/apply:os.system"),
    "tag of a key": ("netwright: 1\n!!str name: x\n", 2, 1, "!!str"),
    "merge key": ("netwright: 1\n<<: {name: x}\n", 2, 1, "<<"),
    "second document": ("netwright: 1\n---\nnetwright: 1\n", 2, 1, "---"),
}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(("text", "line", "column", "marked"), FEATURES.values(), ids=FEATURES)
def test_features(text: str, line: int, column: int, marked: str) -> None:
    [fault] = faults(text)
    assert fault.span is not None
    assert (fault.code, fault.span.line, fault.span.column) == ("yaml-feature", line, column)
    assert fault.span.text == marked


def test_a_billion_laughs_are_an_error_a_name() -> None:
    laughs = "".join(f"  {after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n" for before, after in pairwise("abcd"))
    assert set(codes("netwright: 1\nparams:\n  a: &a [x]\n" + laughs)) == {"yaml-feature"}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 10_000, "? " * 10_000])
def test_deep_nesting(text: str) -> None:
    assert codes(text) == ["too-deep"]


def test_duplicate_keys_point_at_both() -> None:
    first, again = faults("netwright: 1\nname: a\nparams: {x: 1, y: 2, x: 3}\nname: b\n")
    assert (first.code, first.span.column if first.span else 0, first.labels[0].span.column) == (
        "duplicate-key",
        22,
        10,
    )
    assert (again.code, again.span.line if again.span else 0, again.labels[0].span.line) == ("duplicate-key", 4, 2)


def test_a_key_that_is_no_text() -> None:
    [fault] = faults("netwright: 1\nlayers:\n  {f, g}: x\n")
    assert (fault.code, fault.span and fault.span.text) == ("wrong-type", "{f, g}")


# ---------------------------------------------------------------- text that is not YAML

SLIPS = {
    "tab": ("params:\n\ta: 1\n", "\t", "spaces"),
    "tab in a block": ("model: |\n\tx -> f\n", "\t", "spaces"),
    "brace": ("model:\n  - {f, g} -> add\n", "{f, g} -> add", "'{f, g} -> add'"),
    "bracket": ("checks:\n  - [a, b] == c\n", "[a, b] == c", "needs quotes"),
    "quote": ("checks:\n  - \"a\" == 'b'\n", "\"a\" == 'b'", "'\"a\" == ''b'''"),
    "percent": ("model:\n  - % x\n", "% x", "needs quotes"),
    "at": ("name: @x\n", "@x", "needs quotes"),
    "backtick": ("name: `x`\n", "`x`", "needs quotes"),
    "greater": ("checks:\n  - > 3\n", "> 3", "needs quotes"),
    "no space after colon": ("netwright: 1\nname:resnet\nabout: x\n", "name:", "a space after the colon"),
    "no space, last line": ("netwright: 1\nname:resnet\n", "name:", "a space after the colon"),
    "two colons": ("about: the net: deep\n", ":", "quotes"),
    "no colon": ("netwright: 1\nname resnet\nabout: x\n", "name resnet", "a colon"),
    "too deep": ("params:\n  a: 1\n    b: 2\n", "    ", "deeper than the one above"),
    "not deep enough": ("params:\n    a: 1\n   b: 2\n", "b", "same column"),
    "list and keys": ("model:\n  - a\n  b: 1\n", "b", "same column"),
    "block not indented": ("model: |\nx -> f\n", "x -> f", "indent the text"),
    "list beside its key": ("model: - a\n", "-", "line of its own"),
    "type in braces": ("inputs: {x: f32[N, 3]}\n", "[", '{image: "f32[N, 28, 28]"}'),
    "brace not closed": ("inputs: {x: y\nmodel: z\n", "{", "not closed"),
    "quote not closed": ('name: "resnet\nmodel: x\n', '"', "no closing"),
}


@pytest.mark.usefixtures("_each_loader")
@pytest.mark.parametrize(("text", "marked", "words"), SLIPS.values(), ids=SLIPS)
def test_slips_are_explained(text: str, marked: str, words: str) -> None:
    [fault] = faults(text)
    assert (fault.code, fault.span and fault.span.text) == ("yaml-syntax", marked)
    assert words in (fault.help or "")
