"""What the zoo promises: short files with sources and checks, nothing written twice, and a table that is true."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from reference_specs import FOLDER, PATHS

from netwright.dsl.document import read_spec

ROOT = Path(__file__).parents[2]
#: lines
LONGEST = 80
LIBRARIES = sorted((FOLDER / "blocks").glob("*.yaml"))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_spec_is_short_and_has_a_source_and_checks(path: Path) -> None:
    spec = read_spec(path)
    assert spec.source.text.count("\n") <= LONGEST
    assert spec.name == path.stem
    assert spec.about
    assert spec.reference
    assert spec.checks


@pytest.mark.parametrize("path", LIBRARIES, ids=lambda path: path.stem)
def test_a_library_is_short_and_says_what_it_is(path: Path) -> None:
    spec = read_spec(path, root=FOLDER)
    assert spec.source.text.count("\n") <= LONGEST
    assert spec.name == path.stem
    assert spec.about
    assert spec.model is None


def test_no_block_is_written_twice() -> None:
    """Two files have no block of the same text, but for those that read what each file has of its own."""
    homes: dict[str, list[str]] = defaultdict(list)
    for path in (*PATHS, *LIBRARIES):
        spec = read_spec(path, root=FOLDER)
        own = {named.name for named in (*spec.params, *spec.blocks, *spec.layers)}
        for block in spec.blocks:
            words = set(re.findall(r"[A-Za-z_]\w*", block.body.span.text))
            if not words & (own - {parameter.name for parameter in block.parameters}):
                homes["".join(block.body.span.text.split())].append(f"{path.stem}.{block.name}")
    assert [names for names in homes.values() if len(names) > 1] == []


@pytest.mark.slow
def test_the_table_is_as_it_would_be_written() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "zoo", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
