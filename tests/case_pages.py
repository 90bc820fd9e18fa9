"""Owns the form of the Markdown pages in tests/cases: sections, fenced blocks, and the comments in specs that
say what is expected. Compiles nothing.

A ```yaml block is a spec; a ```yaml NAME block before it is a file beside it; a ```text diagnostics block after it is
the whole rendered output; a ```json report block after it is a part of the report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_CLAIM = re.compile(r"#\s*(error|warning|revealed):\s*(.*?)\s*(?=#\s*(?:error|warning|revealed):|$)")
_FAULT = re.compile(r'(?:(?P<column>\d+)\s+)?\[(?P<code>[a-z0-9-]+)\](?:\s+"(?P<message>.*)")?')
_SETUP = re.compile(r"#\s*compile:\s*(.*)")


@dataclass(frozen=True)
class Block:
    """A fenced block: the language and name behind the fence, its text, and the page's line where the text begins."""

    language: str
    name: str
    text: str
    line: int


@dataclass(frozen=True)
class Claim:
    """What a comment expects. `line` is the line of the spec that it speaks of, `at` the one it stands on."""

    kind: str
    line: int
    at: int
    text: str
    code: str = ""
    column: int | None = None
    message: str = ""


@dataclass
class Case:
    """A spec with the blocks that belong to it."""

    page: Path
    title: str
    spec: Block
    files: list[Block] = field(default_factory=list)
    output: Block | None = None
    report: Block | None = None

    @property
    def id(self) -> str:
        return f"{self.page.stem}:{self.spec.line}-{self.title}"

    @property
    def setup(self) -> str:
        """What stands behind `# compile:`, a YAML mapping with `params` and `preset`."""
        found = _SETUP.search(self.spec.text)
        return found[1] if found else "{}"


def read_cases(page: Path) -> list[Case]:
    """The page's cases in order. A file block belongs to the next spec of its section."""
    cases: list[Case] = []
    title, files = "", list[Block]()
    for part in _parts(page.read_text(encoding="utf-8")):
        if isinstance(part, str):
            title, files = part, []
        elif part.language == "yaml" and part.name:
            files.append(part)
        elif part.language == "yaml":
            cases.append(Case(page, title, part, files))
            files = []
        elif (part.language, part.name) == ("text", "diagnostics"):
            cases[-1].output = part
        elif (part.language, part.name) == ("json", "report"):
            cases[-1].report = part
    return cases


def _parts(text: str) -> Iterator[str | Block]:
    """Headings as strings, and fenced blocks."""
    fence, info, inside = 0, "", list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        if fence and line.rstrip() == "```":
            language, _, name = info.partition(" ")
            yield Block(language, name.strip(), "".join(f"{row}\n" for row in inside), fence + 1)
            fence = 0
        elif fence:
            inside.append(line)
        elif line.startswith("```"):
            fence, info, inside = number, line[3:].strip(), []
        elif line.startswith("#"):
            yield line.lstrip("# ")


def claims(text: str) -> list[Claim]:
    """The expectations in a spec. A comment alone on its line speaks of the next line that has more, if any."""
    found: list[Claim] = []
    waiting: list[tuple[int, str, str]] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        here = [(number, kind, said) for kind, said in _CLAIM.findall(line)]
        if here and line.lstrip().startswith("#"):
            waiting += here
        elif line.strip():
            found += [_claim(kind, number, at, said) for at, kind, said in (*waiting, *here)]
            waiting = []
    return found + [_claim(kind, at, at, said) for at, kind, said in waiting]


def _claim(kind: str, line: int, at: int, text: str) -> Claim:
    if kind == "revealed":
        return Claim(kind, line, at, text)
    fault = _FAULT.fullmatch(text)
    if fault is None:
        raise ValueError(f'line {at}: not of the form [code], [code] "words" or COLUMN [code]: {text}')
    column = int(fault["column"]) if fault["column"] else None
    return Claim(kind, line, at, text, fault["code"], column, fault["message"] or "")


def without_claims(line: str) -> str:
    """The line without its expectations."""
    return _CLAIM.sub("", line).rstrip()
