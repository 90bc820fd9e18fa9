"""Owns one Python function while it is written: its statements, what the names of the spec stand for in it, which
variables it has, and when one may be used again. Knows no expression of flow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from netwright.backends.keras.names import Names
from netwright.backends.keras.statements import Assign, Statement
from netwright.backends.keras.syntax import Atom, Code, Display
from netwright.backends.keras.terms import Flowing, Tensor, Term, is_variable, stated
from netwright.dsl import tree
from netwright.dsl.records import fields

TEMPORARIES = ("x", "y", "z")


class Scope:
    """A function being written, or a part of it with bindings of its own."""

    def __init__(self, names: Names, outer: Scope | None = None) -> None:
        self.names = names
        self.outer = outer
        self.terms: dict[str, Term] = {}
        self.statements: list[Statement] = []
        #: how often the current and the later statements name each name of the spec
        self.uses: Counter[str] = Counter()
        #: names of the spec that a layer holds on to
        self.pinned: set[str] = set()
        #: Python variable -> (name of the spec, depth of loops where it was bound)
        self.variables: dict[str, tuple[str, int]] = {}
        #: Python variables of the loops around
        self.loops: list[str] = []
        #: a tensor of the model in reach, for constants to depend on
        self.anchor: Code | None = None

    # ------------------------------------------------------------ names of the spec

    def find(self, name: str) -> Term | None:
        """What the name is bound to here or around."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.terms:
                return scope.terms[name]
            scope = scope.outer
        return None

    def bindings(self) -> dict[str, Term]:
        """All that is bound here or around."""
        return {**(self.outer.bindings() if self.outer else {}), **self.terms}

    @contextmanager
    def binding(self, terms: dict[str, Term]) -> Iterator[None]:
        """Inside, these names are bound so, and no others."""
        before = self.terms
        self.terms = terms
        try:
            yield
        finally:
            self.terms = before

    def variable(self, name: str) -> str:
        """A Python variable for a name that the spec binds here."""
        variable = self.names.claim(name)
        self.variables[variable] = (name, len(self.loops))
        return variable

    def is_last_use(self, code: Code) -> bool:
        """Whether the expression is a variable that only the place at hand still reads."""
        return is_variable(code) and self._uses_left(code.flat()) == 1

    def _uses_left(self, variable: str) -> int | None:
        """How often the variable is still read, None where that is not known."""
        name, depth = self.variables.get(variable, ("", -1))
        return None if depth != len(self.loops) or name in self.pinned else self.uses[name]

    # ------------------------------------------------------------ variables

    def temporary(self, *wanted: str) -> str:
        """A variable for a value that is read once; the name of one that is read no more may serve again."""
        for name in wanted or TEMPORARIES:
            if self._uses_left(name) == 0:
                del self.variables[name]
                return name
            if self.names.is_free(name):
                return self.names.claim(name)
        return self.names.claim_first(wanted or TEMPORARIES)

    def assign(self, targets: tuple[str, ...], code: Code, temps: frozenset[str] = frozenset()) -> None:
        """`targets = code`; the temporaries that the code read are free again."""
        if code.flat() != ", ".join(targets):
            self.statements.append(Assign(targets, code))
        self.release(temps.difference(targets))

    def release(self, temps: frozenset[str]) -> None:
        """These temporaries are free again."""
        for name in temps:
            self.names.release(name)

    def assign_several(self, targets: tuple[str, ...], codes: tuple[Code, ...], temps: frozenset[str]) -> None:
        """`a, b = c, d`, but for variables that hold what they should."""
        pairs = [pair for pair in zip(targets, codes, strict=True) if pair[1] != Atom(pair[0])]
        if len(pairs) == 1:
            self.assign((pairs[0][0],), pairs[0][1], temps)
        elif pairs:
            self.assign(tuple(name for name, _ in pairs), Display("tuple", tuple(code for _, code in pairs)), temps)

    # ------------------------------------------------------------ statements

    def emit(self, statement: Statement) -> None:
        """Add a statement."""
        self.statements.append(statement)

    @contextmanager
    def block(self, loop: tuple[str, ...] | None = None) -> Iterator[list[Statement]]:
        """Inside, statements go into the block of an `if`, or of a `for` with these variables."""
        before, loops = self.statements, self.loops
        self.statements = []
        if loop is not None:
            self.loops = [*loops, *loop]
        try:
            yield self.statements
        finally:
            self.statements, self.loops = before, loops


class Carry:
    """The variable that the value of a chain moves along in: a given one, or a temporary when one is needed first."""

    def __init__(
        self,
        scope: Scope,
        variable: str | None = None,
        wanted: tuple[str, ...] = (),
        several: tuple[str | None, ...] = (),
    ) -> None:
        self._scope = scope
        self._variable = variable
        self._several = several
        self.wanted = wanted
        self.is_temporary = variable is None

    def each(self, count: int, wanted: str = "") -> tuple[Carry, ...]:
        """A carry for each of so many values: for the names that they are to have, if they are known, else for
        temporaries that are called `wanted` with a number."""
        names = self._several if len(self._several) == count else (None,) * count
        numbered = [(f"{wanted}_{number}",) if wanted else () for number in range(1, count + 1)]
        return tuple(Carry(self._scope, name, called) for name, called in zip(names, numbered, strict=True))

    def name(self, temps: frozenset[str] = frozenset()) -> str:
        """The variable; one of these temporaries, which are read no more, where it has none yet."""
        if self._variable is None:
            self._variable = min(temps) if temps else self._scope.temporary(*self.wanted)
        return self._variable

    @property
    def temps(self) -> frozenset[str]:
        """The variable, if nothing else will read it."""
        return frozenset({self._variable}) if self.is_temporary and self._variable else frozenset()

    def hold(self, term: Flowing) -> Flowing:
        """The term in the variable."""
        name = self.name(term.temps)
        self._scope.assign((name,), term.code, term.temps)
        return stated(term, name, self.temps)

    def settle(self, term: Flowing) -> Flowing:
        """The term, in the variable if it is an application that no statement holds yet."""
        return self.hold(term) if term.applied else term

    def as_variable(self, term: Flowing) -> Flowing:
        """The term as a name that can be read several times."""
        return term if is_variable(term.code) else self.hold(term)


def carried(name: str, temps: frozenset[str] = frozenset()) -> Tensor:
    """The tensor that a variable holds."""
    return Tensor(Atom(name), temps=temps)


def names_in(item: Any) -> Counter[str]:
    """How often a tree reads each name; the variables of loops in it are their own."""
    found: Counter[str] = Counter()
    todo = [item]
    while todo:
        here = todo.pop()
        if isinstance(here, tree.Name):
            found[here.id] += 1
        elif isinstance(here, tree.Loop):
            todo.append(here.iterable)
            inside = names_in((here.body, here.condition))
            for target in here.targets:
                del inside[target.id]
            found += inside
        elif isinstance(here, tuple):
            todo += here
        elif isinstance(here, _NODES):
            todo += [getattr(here, name) for name in fields(here) if name not in _LEAVES]
    return found


_NODES = (tree.Expr, tree.Argument, tree.Binding, tree.Body, tree.Target, tree.Parameter)
_LEAVES = frozenset({"span", "name_span", "operator_span"})
