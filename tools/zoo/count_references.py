"""Count the lines of the reference implementations that `references.csv` names, and write the counts into it:

  python tools/zoo/count_references.py keras=SITE/keras/src/applications torchvision=SITE/torchvision/models

Counted is what has code: no blank lines, comments or docstrings, and nothing of torchvision's lists of weights."""

from __future__ import annotations

import ast
import csv
import io
import sys
import tokenize
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

TABLE = Path(__file__).parent / "references.csv"
_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def code_lines(text: str) -> int:
    """How many lines of a Python file have code that says what the model is."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    lines = {line for token in tokens if token.type not in _NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - set(_left_out(ast.parse(text))))


def _left_out(module: ast.Module) -> Iterator[int]:
    """The lines of docstrings and of lists of weights."""
    for node in ast.walk(module):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from range(node.lineno, (node.end_lineno or 0) + 1)
        if isinstance(node, ast.ClassDef) and node.name.endswith("_Weights"):
            yield from range(node.lineno, (node.end_lineno or 0) + 1)


def main(arguments: list[str]) -> None:
    """Bring the table up to date."""
    folders = {project: Path(folder) for project, _, folder in (argument.partition("=") for argument in arguments)}
    versions = {
        project: next(each.version for each in distributions(path=[str(_site(folder))]) if each.name == project)
        for project, folder in folders.items()
    }
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["project"] in folders:
            text = (folders[row["project"]] / row["file"]).read_text(encoding="utf-8")
            row |= {"version": versions[row["project"]], "lines": str(code_lines(text))}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _site(folder: Path) -> Path:
    """The folder of installed packages that it lies in."""
    return next(parent for parent in folder.parents if any(parent.glob("*.dist-info")))


if __name__ == "__main__":
    main(sys.argv[1:])
