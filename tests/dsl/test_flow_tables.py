"""The saved parse tables are those of the grammar, and run as Lark itself would run them."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import lark
import pytest
from hypothesis import given, strategies as st

from netwright.dsl import flow_tables
from netwright.dsl.flow_automaton import Unexpected, automaton
from netwright.dsl.flow_declarations import Nodes
from netwright.dsl.flow_tables import GRAMMAR, SAVED, STARTS, load_tables, make_tables, save_tables
from netwright.dsl.flow_tokens import Line, tokenize
from netwright.dsl.source import Fragment, Source

GRAMMAR_TEXT = GRAMMAR.read_text(encoding="utf-8")


def test_saved_tables_are_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_tables, "SAVED", tmp_path / "tables.json")
    save_tables()
    assert (tmp_path / "tables.json").read_text() == SAVED.read_text(), "run: python -m netwright.dsl.flow_tables"


@pytest.mark.slow
@pytest.mark.parametrize("saved", ["", "{}", '{"digest": 0}', None])
def test_tables_that_do_not_fit_are_made_anew(
    saved: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = tmp_path / "tables.json"
    if saved is not None:
        stale.write_text(saved)
    monkeypatch.setattr(flow_tables, "SAVED", stale)
    assert load_tables.__wrapped__() == make_tables(GRAMMAR_TEXT)


@pytest.mark.slow
def test_the_grammar_has_no_conflicts(caplog: pytest.LogCaptureFixture) -> None:
    lark.logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.DEBUG, logger=lark.logger.name):
            make_tables(GRAMMAR_TEXT)
            assert not caplog.records
            make_tables(GRAMMAR_TEXT.replace("| sum sign product ", "| sum sign sum "))
            assert "Shift/Reduce conflict" in caplog.text
    finally:
        lark.logger.removeHandler(caplog.handler)


def test_parsing_does_not_import_lark() -> None:
    program = (
        "import sys\n"
        "from netwright.dsl.parser import parse_body\n"
        "from netwright.dsl.source import Fragment, Source\n"
        "parse_body(Fragment(Source('t', 'y = x -> f(1)'), 'y = x -> f(1)', ((0, 0),)))\n"
        "sys.exit('lark' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


ORACLE = lark.Lark(GRAMMAR_TEXT, parser="lalr", start=list(STARTS), lexer="basic")
TOKENS = "-> + - * ** @ == < in = ( ) [ ] { } , : . ... if else for not shared and or x f 3 's' true".split()
SENTENCES = [
    "h , c [ N , ... ] = x -> f ( 1 , k = a if b else c ) * 3",
    "x [ : , 1 : 2 : 3 ] . y ( ) == - a ** not_b and not c or ( )",
    "( f ( w ) for w , v in [ 1 , 2 , ] if w < 3 )",
    "{ shared f , g -> h , } @ ( a , )",
    "( q , kv [ N , _ ] , ) -> f ( a , b = 1 + 2 , )",
    "f32 [ N , 2 * k , ]",
]
CUTS = st.integers(0, 30)
INSERTED = st.lists(st.sampled_from(TOKENS), max_size=3)


def accepts(start: str, text: str) -> bool:
    tokens = tokenize(Fragment(Source("test", text), text, ((0, 0),)))
    try:
        automaton().parse(start, Line(0, len(tokens.kinds)), Nodes(tokens))
    except Unexpected:
        return False
    return True


def oracle_accepts(start: str, text: str) -> bool:
    try:
        ORACLE.parse(text, start=start)
    except lark.UnexpectedInput:
        return False
    return True


@given(st.sampled_from(STARTS), st.sampled_from(SENTENCES), CUTS, CUTS, INSERTED)
def test_what_lark_accepts_is_accepted(start: str, sentence: str, first: int, length: int, inserted: list[str]) -> None:
    pieces = sentence.split()
    pieces[first : first + length % 4] = inserted
    assert accepts(start, " ".join(pieces)) == oracle_accepts(start, " ".join(pieces))
