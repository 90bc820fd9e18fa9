"""Owns the functions that layers of the emitted model hold on to. Each stands at module level and is registered with
Keras under its name, so that a saved model finds it again; variables that it reads are arguments, which Keras saves."""

from __future__ import annotations

from collections.abc import Container

from netwright.backends.keras.literals import string
from netwright.backends.keras.names import Names
from netwright.backends.keras.scope import Scope
from netwright.backends.keras.statements import Function, Return
from netwright.backends.keras.syntax import Atom, Call, Code, Lambda, Pairs, parts


class Registered:
    """The functions of one module. `package` tells them from those of other modules."""

    def __init__(self, package: str, names: Names) -> None:
        self._decorator = Call(Atom("keras.saving.register_keras_serializable"), (Atom(string(package)),))
        self._names = names
        self._found: dict[Lambda, list[Function]] = {}

    def function(self, scope: Scope, function: Lambda, wanted: str) -> tuple[Code, tuple[tuple[str, Code], ...]]:
        """The function by a name that is free in this scope, and the keyword of a Lambda that gives it what it reads
        there."""
        read = _read(scope, function)
        whole = Lambda((*function.parameters, *read), function.body)
        known = self._found.setdefault(whole, [])
        made = next((each for each in known if not _is_hidden(scope, each.name)), None)
        if made is None:
            made = self._made(scope, whole, wanted)
            known.append(made)
        arguments = Pairs(tuple((string(name), Atom(name)) for name in read))
        return Atom(made.name), (("arguments", arguments),) if read else ()

    def _made(self, scope: Scope, function: Lambda, wanted: str) -> Function:
        name = scope.names.claim_first((wanted,))
        scope.names.release(name)
        while _is_hidden(scope, name) or not self._names.is_free(name):
            name += "_"
        self._names.claim(name)
        parameters = [(parameter, None) for parameter in function.parameters]
        return Function(name, parameters, [Return((function.body,))], decorators=(self._decorator,))

    def statements(self, used: Container[str]) -> list[Function]:
        """Those that the module's functions use."""
        return [each for made in self._found.values() for each in made if each.name in used]


def _scopes(scope: Scope | None) -> list[Scope]:
    """The scope, and those around."""
    return [] if scope is None else [scope, *_scopes(scope.outer)]


def _is_hidden(scope: Scope, name: str) -> bool:
    """Whether a variable in reach has the name."""
    return any(each.names.has(name) for each in _scopes(scope))


def _read(scope: Scope, function: Lambda) -> tuple[str, ...]:
    """The variables around that the function reads, in the order of their names."""
    inside = [part for part in parts(function.body) if isinstance(part, Lambda)]
    own = {name.partition("=")[0].strip("*") for each in (function, *inside) for name in each.parameters}
    names = {part.text for part in parts(function.body) if isinstance(part, Atom)} - own
    return tuple(sorted(name for name in names if _is_hidden(scope, name)))
