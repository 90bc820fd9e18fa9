"""Owns the run of the parse tables over the tokens of a line. Iterative, so no text is too deep or too long
for it. Knows nothing of what the rules mean, and says of a mistake only where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from netwright.dsl.flow_declarations import Nodes
from netwright.dsl.flow_expressions import LISTS
from netwright.dsl.flow_tables import END, Tables, load_tables
from netwright.dsl.flow_tokens import Line
from netwright.dsl.source import Span


class Unexpected(Exception):
    """No sentence of the language begins with the tokens up to and including the one at `index`."""

    def __init__(self, index: int) -> None:
        self.index = index
        super().__init__(index)


class Rule(NamedTuple):
    """A rule ready to run. One without `build` has one symbol and hands on its value. A `build` that is
    `located` takes the Nodes and the span of all symbols before the values of the symbols."""

    left: str
    length: int
    build: Callable[..., Any] | None
    located: bool


class Automaton:
    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.rules = [_rule(left, length, action) for left, length, action in tables.rules]
        self._settled: dict[tuple[int, str, str], int] = {}

    def parse(self, start: str, line: Line, nodes: Nodes) -> Any:
        """The value of the start symbol for the tokens of a line. Raises Unexpected."""
        tokens = nodes.tokens
        source, starts, ends = tokens.fragment.source, tokens.starts, tokens.ends
        actions, rules, settle = self.tables.actions, self.rules, self._settle
        states = [self.tables.starts[start]]
        values: list[Any] = []
        begins: list[int] = []  # where in the source each value begins
        for index, kind in enumerate([*tokens.kinds[line.first : line.stop], END], line.first):
            while (action := actions[states[-1]].get(kind, _MISTAKE)) < 0:
                if action == _MISTAKE:
                    raise Unexpected(index)
                left, length, build, located = rules[~action]
                if build is None:
                    states.pop()
                else:
                    at = len(values) - length
                    begin = begins[at] if length else starts[index]
                    if located:
                        value = build(nodes, Span(source, begin, ends[index - 1]), *values[at:])
                    else:
                        value = build(*values[at:])
                    values[at:] = (value,)
                    begins[at:] = (begin,)
                    del states[at + 1 :]
                states.append(settle(states[-1], left, kind))
            if kind == END:
                break
            states.append(action)
            values.append(index)
            begins.append(starts[index])
        return values[0]

    def expected(self, start: str, kinds: Iterable[str]) -> frozenset[str]:
        """The terminals of which each could come next after these."""
        states = [self.tables.starts[start]]
        for kind in kinds:
            self._advance(states, kind)
        return frozenset(kind for kind in self.tables.actions[states[-1]] if self._advance(states.copy(), kind))

    def _advance(self, states: list[int], kind: str) -> bool:
        """Bring the states past one more terminal; False where it is a mistake."""
        while (action := self.tables.actions[states[-1]].get(kind, _MISTAKE)) < 0:
            if action == _MISTAKE:
                return False
            rule = self.rules[~action]
            del states[len(states) - rule.length :]
            states.append(self.tables.gotos[states[-1]][rule.left])
        states.append(action)
        return True

    def _settle(self, state: int, left: str, kind: str) -> int:
        """The state in which `left` ends up on top of `state`, once every rule that only hands its value on
        has been run. Whatever `left` is, there are many of these: one for each level of precedence."""
        key = state, left, kind
        settled = self._settled.get(key)
        if settled is None:
            settled = self.tables.gotos[state][left]
            while (action := self.tables.actions[settled].get(kind, 0)) < 0 and self.rules[~action].build is None:
                settled = self.tables.gotos[state][self.rules[~action].left]
            self._settled[key] = settled
        return settled


_MISTAKE = -1_000_000


def _rule(left: str, length: int, action: str | None) -> Rule:
    if action is None:
        return Rule(left, length, None, False)
    build = LISTS.get(action)
    return Rule(left, length, build or getattr(Nodes, action), build is None)


@cache
def automaton() -> Automaton:
    """The automaton of `flow.lark`."""
    return Automaton(load_tables())
