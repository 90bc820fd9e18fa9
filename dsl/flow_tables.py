"""Owns the parse tables of the flow grammar. Lark makes them from `flow.lark`; they are kept in
`flow_tables.json`, so that a run of Netwright neither imports Lark nor builds a grammar. After a change of
the grammar: `python -m netwright.dsl.flow_tables`. Until that is done the tables are made on the spot."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from netwright.dsl.records import fields, record

GRAMMAR = Path(__file__).with_name("flow.lark")
SAVED = Path(__file__).with_name("flow_tables.json")
STARTS = ("line", "expression", "header", "type", "extern")
END = "END"


@record
class Tables:
    """An LALR(1) automaton. A terminal is called by its text (`->`, `if`) or, if that varies, by its name in the
    grammar (`NUMBER`); the end of the text is END, which is shifted where a start symbol is complete. An action
    >= 0 is the state to shift to, one below is `~rule` to reduce by. A rule: (left side, number of symbols on the
    right, action or None)."""

    digest: int
    patterns: dict[str, str]
    words: list[str]
    symbols: list[str]
    starts: dict[str, int]
    rules: list[tuple[str, int, str | None]]
    actions: list[dict[str, int]]
    gotos: list[dict[str, int]]


@cache
def load_tables() -> Tables:
    """The tables of `flow.lark` as it now stands."""
    grammar = GRAMMAR.read_text(encoding="utf-8")
    saved = _saved()
    return saved if saved and saved.digest == _digest(grammar) else make_tables(grammar)


def make_tables(grammar: str) -> Tables:
    """The tables of a grammar, by way of Lark; always the same ones, whatever the order of Lark's sets."""
    from lark import Lark
    from lark.lexer import PatternStr

    lark = Lark(grammar, parser="lalr", start=list(STARTS))
    table: Any = lark.parser.parser._parse_table
    fixed = [terminal for terminal in lark.terminals if isinstance(terminal.pattern, PatternStr)]
    spelling = {terminal.name: terminal.pattern.value for terminal in fixed}
    varying = [terminal for terminal in lark.terminals if terminal.name not in spelling]
    number = {rule: ~index for index, rule in enumerate(lark.rules)}
    order = _in_order(table)
    rows = [_row(table.states[state], order, number, spelling) for state in order]
    for end in table.end_states.values():
        rows[order[end]][0][END] = order[end]
    return Tables(
        digest=_digest(grammar),
        patterns={terminal.name: terminal.pattern.value for terminal in varying},
        words=sorted(text for text in spelling.values() if text.isalpha()),
        symbols=sorted((text for text in spelling.values() if not text.isalpha()), key=lambda text: (-len(text), text)),
        starts={start: order[table.start_states[start]] for start in STARTS},
        rules=[(rule.origin.name, len(rule.expansion), rule.alias) for rule in lark.rules],
        actions=[actions for actions, _ in rows],
        gotos=[gotos for _, gotos in rows],
    )


def save_tables() -> None:
    tables = make_tables(GRAMMAR.read_text(encoding="utf-8"))
    SAVED.write_text(_lines({name: getattr(tables, name) for name in fields(tables)}), encoding="utf-8")


def _saved() -> Tables | None:
    try:
        return Tables(**json.loads(SAVED.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _digest(grammar: str) -> int:
    return crc32(grammar.encode())


def _in_order(table: Any) -> dict[int, int]:
    """Lark's states, numbered anew in the order in which a walk from the start states meets them."""
    order: dict[int, int] = {}
    waiting = [table.start_states[start] for start in STARTS]
    for state in waiting:
        if state not in order:
            order[state] = len(order)
            row = sorted(table.states[state].items(), key=_symbol)
            waiting += [target for _, (kind, target) in row if _shifts(kind)]
    return order


def _row(
    row: dict[str, tuple[Any, Any]], order: dict[int, int], number: dict[Any, int], spelling: dict[str, str]
) -> tuple[dict[str, int], dict[str, int]]:
    """What a state does on each terminal, and where it goes on each left side of a rule."""
    actions: dict[str, int] = {}
    gotos: dict[str, int] = {}
    for symbol, (kind, target) in sorted(row.items(), key=_symbol):
        is_terminal = symbol.isupper() or symbol.startswith("$")
        name = END if symbol == "$END" else spelling.get(symbol, symbol)
        (actions if is_terminal else gotos)[name] = order[target] if _shifts(kind) else number[target]
    return actions, gotos


def _symbol(entry: tuple[str, Any]) -> str:
    return entry[0]


def _shifts(kind: Any) -> bool:
    return bool(kind.name == "Shift")


def _lines(parts: dict[str, Any]) -> str:
    """JSON with an entry of each table to a line, so that changes can be read."""
    return "{\n" + ",\n".join(f"{json.dumps(name)}: {_entries(value)}" for name, value in parts.items()) + "\n}\n"


def _entries(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value)
    return "[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value) + "\n]"


if __name__ == "__main__":
    save_tables()
