"""Owns how specs/README.md looks: the tables of the zoo in Markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from entries import Entry, depth
from figures import Figure, published

from netwright.api import Model
from netwright.backends.report.numbers import count, short

_ARXIV = re.compile(r"arXiv:(\d{4}\.\d{4,5})")
_LONGEST = 60
UNEXPLAINED = "not explained yet"
_REFERENCES = {"keras": "keras.applications", "torchvision": "torchvision"}
_INTRODUCTION = """\
# The zoo

{specs} specs, {members} networks. Each file is short enough to read in a minute, says its source, and claims what
was published of it: `netwright check specs` proves it, in seconds. A family is one file; its members are presets:
`netwright summary specs/resnet.yaml --preset resnet101`. What several files need stands once, in [blocks](blocks).

This page is written by `make zoo`.

- **Parameters** count all weights, moving statistics too; **MACs** are of one example
  ([what is counted](../docs/costs.md)).
- **Depth**: the layers with weights on the longest path. Counted are layers that multiply by weights: convolutions,
  dense and recurrent layers, attention; not normalization, embeddings or activations. A recurrence counts once.
- **Published**: ✓ the same number, of all parameters or of the trainable ones (others do not count moving statistics),
  and who says so: a table of figures that nobody here made ([tests/oracle/data](../tests/oracle/data)), or the check
  that the spec makes of itself, from its source or by hand. ≈ the published figure is rounded, and ours rounds to it.
  ≠ is explained [below](#differences). ✓ at the MACs: they are the published ones too.
- **Lines** of the spec, and of the Keras code that `netwright emit` writes for it.
"""
_LENGTHS = """\
## Beside the reference implementations

Lines with text or code: neither blank lines nor comments, docstrings, or lists of pretrained weights. A spec's lines
hold what is published of the model and how it is trained, too; those of the blocks that it shares with other specs
stand beside. The others' lines hold the loading of weights and checks of arguments, and lean on modules of their own
that are not counted here ([each file and version](../tools/zoo/references.csv)).
"""


def write_page(groups: Sequence[tuple[str, Sequence[Entry]]]) -> str:
    """The whole page."""
    entries = [entry for _, group in groups for entry in group]
    members = sum(len(entry.members) for entry in entries)
    parts = [_INTRODUCTION.format(specs=len(entries), members=members)]
    differences: list[str] = []
    for heading, group in groups:
        rows = [row for entry in group for row in _rows(entry, differences)]
        parts.append(f"## {heading}\n\n{_table(_COLUMNS, rows)}")
    if differences:
        parts.append("## Differences\n\n" + "\n".join(f"{n}. {text}" for n, text in enumerate(differences, 1)) + "\n")
    parts.append(f"{_LENGTHS}\n{_table(*_lengths(entries))}")
    return "\n".join(parts)


# ---------------------------------------------------------------- members

_COLUMNS = "Spec|Member|Parameters|MACs|Depth|Published|Year|Source|Lines|Keras code".split("|")
_RIGHT = {"Parameters", "MACs", "Depth", "Lines", "Keras code", "Spec's lines", "Blocks' lines", *_REFERENCES.values()}


def _rows(entry: Entry, differences: list[str]) -> Iterator[list[str]]:
    about = [entry.year, _source(entry.source), str(entry.lines), str(entry.emitted_lines)]
    name = f"[{entry.name}]({entry.name}.yaml)"
    for member, model in entry.members.items():
        whose = f"**{entry.name}{f' {member}' if member else ''}**"
        yield [name, member or "", *_figures(published(entry.spec, member, model), model, whose, differences), *about]
        name, about = "", [""] * len(about)


def _figures(figure: Figure | None, model: Model, whose: str, differences: list[str]) -> list[str]:
    """Parameters, MACs, depth, and what is published of them."""
    macs, verdict = short(model.macs).replace("*", r"\*"), ""
    if figure is not None:
        verdict = _verdict(figure, model, whose, differences) + (f", {figure.where}" if figure.where else "")
        if figure.macs and figure.macs.is_of(model.macs):
            macs += " ✓"
        elif figure.macs:
            macs += " ≠ " + _note(differences, figure.why_macs or f"{whose}, {figure.macs.text} MACs: {UNEXPLAINED}")
    return [count(model.params.total), macs, str(depth(model)), verdict]


def _verdict(figure: Figure, model: Model, whose: str, differences: list[str]) -> str:
    """Whether the published number of parameters is that of all, or of those that train."""
    params = figure.params
    sign = "✓" if params.is_exact else "≈"
    if params.is_of(model.params.total):
        return f"{sign} {params.text}"
    if params.is_of(model.params.trainable):
        return f"{sign} {params.text} trainable"
    return f"≠ {params.text} " + _note(differences, f"{whose}, {params.text} parameters: {figure.why or UNEXPLAINED}")


def _note(differences: list[str], text: str) -> str:
    """A reference to the text among the differences, in which the same stands once."""
    if text not in differences:
        differences.append(text)
    return f"[{differences.index(text) + 1}](#differences)"


def _source(source: str) -> str:
    """Up to the year, and the first paper."""
    named = re.match(r"(.*?),? \(?(?:1[89]|20)\d\d\b", source)
    paper = _ARXIV.search(source)
    text = named[1] if named and len(named[1]) <= _LONGEST else source.partition(",")[0].partition(" (")[0]
    return f"[{text}](https://arxiv.org/abs/{paper[1]})" if paper else text


# ---------------------------------------------------------------- lengths


def _lengths(entries: Iterable[Entry]) -> tuple[list[str], list[list[str]]]:
    with (Path(__file__).parent / "references.csv").open(encoding="utf-8", newline="") as file:
        references = list(csv.DictReader(file))
    rows = []
    for entry in entries:
        counts = {
            project: sum(
                int(row["lines"]) for row in references if (row["spec"], row["project"]) == (entry.name, project)
            )
            for project in _REFERENCES
        }
        if any(counts.values()):
            blocks = sum(_with_text(spec.source.text) for spec in entry.used)
            lengths = [
                _with_text(entry.spec.source.text),
                blocks or "",
                *(counts[project] or "" for project in _REFERENCES),
            ]
            rows.append([entry.name, str(len(entry.members)), *map(str, lengths)])
    return ["Family", "Members", "Spec's lines", "Blocks' lines", *_REFERENCES.values()], rows


def _with_text(text: str) -> int:
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in text.splitlines())


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---:" if column in _RIGHT else "---" for column in columns]
    return "".join(f"| {' | '.join(row)} |\n" for row in (columns, rule, *rows))
