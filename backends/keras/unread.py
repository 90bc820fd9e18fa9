"""Owns the removal of assignments to variables that nothing reads: of several tensors a spec may use one only."""

from __future__ import annotations

from dataclasses import replace

from netwright.backends.keras.choices import negated
from netwright.backends.keras.statements import Assign, For, Function, If, Statement, statement_codes
from netwright.backends.keras.syntax import Atom, Code, parts


def without_unread(function: Function) -> Function:
    """The function without assignments that nothing comes of."""
    body, before = function.body, -1
    while len(read := _read(body)) != before:  # what only such an assignment reads is unread in the next turn
        body, before = _kept(body, read), len(read)
    return replace(function, body=body)


def _read(statements: list[Statement]) -> set[str]:
    """The names that the statements read; functions among them keep their variables to themselves."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, Function):
            own = {name for name, _ in statement.parameters} | _assigned(statement.body)
            found |= _read(statement.body) - own
        elif isinstance(statement, (For, If)):
            head = statement.items if isinstance(statement, For) else statement.condition
            found |= _names(head) | _read([*statement.body, *getattr(statement, "otherwise", ())])
        else:
            found = found.union(*map(_names, statement_codes([statement])))
    return found


def _names(code: Code) -> set[str]:
    return {part.text for part in parts(code) if isinstance(part, Atom)}


def _assigned(statements: list[Statement]) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        found.update(getattr(statement, "targets", ()))
        found |= _assigned([*getattr(statement, "body", ()), *getattr(statement, "otherwise", ())])
    return found


def _kept(statements: list[Statement], read: set[str]) -> list[Statement]:
    return [kept for statement in statements if (kept := _reduced(statement, read)) is not None]


def _reduced(statement: Statement, read: set[str]) -> Statement | None:
    """What is left of a statement; none where that is nothing."""
    if isinstance(statement, Assign):
        return statement if read.intersection(statement.targets) else None
    if isinstance(statement, For):
        body = _kept(statement.body, read)
        return replace(statement, body=body) if body else None
    if isinstance(statement, If):
        return _reduced_choice(statement, read)
    return statement


def _reduced_choice(statement: If, read: set[str]) -> Statement | None:
    body, otherwise = _kept(statement.body, read), _kept(statement.otherwise, read)
    if body:
        return If(statement.condition, body, otherwise)
    return If(negated(statement.condition), otherwise) if otherwise else None
