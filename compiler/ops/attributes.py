"""Owns how a catalogue class declares its attributes: `attr`, the attribute types that annotations name, and
the conversion of a user's value into the normal one. Knows no operator.

An annotation such as `Activation | None` is read as text and looked up in `TYPES`, so a declaration costs nothing
until the class is first used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()


class AttributeFault(Exception):
    """A value that an attribute does not take. `expected` completes the sentence 'expected ...'."""

    def __init__(self, expected: str, help: str | None = None) -> None:
        self.expected = expected
        self.help = help
        super().__init__(expected)


Constraint = Callable[[Any], str | None]


class Declaration:
    """What `attr(...)` leaves in a class body: a default, checks, and whether it is a call-time argument."""

    __slots__ = ("call", "checks", "default", "keyword_only")

    def __init__(self, default: Any, checks: tuple[Constraint, ...], call: bool, keyword_only: bool) -> None:
        self.default = default
        self.checks = checks
        self.call = call
        self.keyword_only = keyword_only


def attr(*checks: Constraint, default: Any = REQUIRED, keyword_only: bool = False) -> Any:
    """An attribute with checks: `units: int = attr(positive)`. Each check returns what was expected, or None."""
    return Declaration(default, checks, call=False, keyword_only=keyword_only)


def call(default: Any = None, *checks: Constraint, keyword_only: bool = True) -> Any:
    """An argument of the layer's call, not of its configuration: `initial_state: Tensors | None = call()`.
    Given by keyword where the layer is applied; never part of what weights belong to."""
    return Declaration(default, checks, call=True, keyword_only=keyword_only)


# ---------------------------------------------------------------- checks


def positive(value: Any) -> str | None:
    """Every number in `value` is greater than 0."""
    return None if all(item > 0 for item in _numbers(value)) else "a positive number"


def not_negative(value: Any) -> str | None:
    """No number in `value` is below 0."""
    return None if all(item >= 0 for item in _numbers(value)) else "a number that is not negative"


def at_least_two(value: Any) -> str | None:
    """The number is 2 or more."""
    return None if value >= 2 else "2 or more"


def between(low: float, high: float) -> Constraint:
    """low <= value <= high."""

    def check(value: Any) -> str | None:
        return None if all(low <= item <= high for item in _numbers(value)) else f"a number from {low:g} to {high:g}"

    return check


def one_of(*choices: Any) -> Constraint:
    """The value is one of these, case and all. A bare name in flow may stand for a string among them."""

    def check(value: Any) -> str | None:
        return None if value in choices else "one of " + ", ".join(map(str, choices))

    check.choices = choices  # type: ignore[attr-defined]
    return check


def _numbers(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [number for item in value for number in _numbers(item)]
    return [] if value is None or isinstance(value, (str, bool)) else [value]


# ---------------------------------------------------------------- types


class AttributeType:
    """One kind of value. `owner` in `convert` is the class that declares the attribute (for its rank, say)."""

    #: completes 'expected ...'
    expected = "a value"
    #: strings that a bare name may stand for
    choices: tuple[str, ...] = ()

    def convert(self, value: Any, owner: Any) -> Any:
        """The normal form of `value`, or AttributeFault."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """A JSON Schema of what a user may write."""
        return {}

    def fault(self, help: str | None = None) -> AttributeFault:
        return AttributeFault(self.expected, help)


#: annotation text -> type; families add their own (`TYPES["Activation"] = ...`)
TYPES: dict[str, AttributeType] = {}


class _Int(AttributeType):
    expected = "an integer"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        whole = isinstance(value, float) and value.is_integer()
        raise self.fault(f"write {int(value)}, or use `//` to divide whole numbers" if whole else None)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer"}


class _Float(AttributeType):
    expected = "a number"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}


class _Bool(AttributeType):
    expected = "true or false"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, bool):
            return value
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class _Str(AttributeType):
    expected = "a string"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, str):
            return value
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


class _None(AttributeType):
    expected = "none"

    def convert(self, value: Any, owner: Any) -> Any:
        if value is None:
            return None
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "null"}


class _Ints(AttributeType):
    """A tuple of integers of any length."""

    expected = "a list of integers"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(TYPES["int"].convert(item, owner) for item in value)
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "integer"}}


class _Floats(AttributeType):
    """A tuple of numbers of any length."""

    expected = "a list of numbers"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(TYPES["float"].convert(item, owner) for item in value)
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "number"}}


class _Spatial(AttributeType):
    """One positive or zero integer for every spatial dim of the owner (`owner.rank`), or one for all."""

    expected = "an integer, or a list of one for each spatial dim"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple):
            if len(value) != owner.rank:
                raise AttributeFault(f"one integer, or a list of {owner.rank}")
            return tuple(TYPES["int"].convert(item, owner) for item in value)
        return (TYPES["int"].convert(value, owner),) * owner.rank

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}


class _Any(AttributeType):
    """Anything; the class checks it itself."""

    def convert(self, value: Any, owner: Any) -> Any:
        return value


TYPES |= {
    "int": _Int(),
    "float": _Float(),
    "bool": _Bool(),
    "str": _Str(),
    "None": _None(),
    "Ints": _Ints(),
    "Floats": _Floats(),
    "Spatial": _Spatial(),
    "Any": _Any(),
}

# what type checkers see behind the annotation names
Ints = tuple[int, ...]
Floats = tuple[float, ...]
Spatial = tuple[int, ...]


class _Union(AttributeType):
    def __init__(self, members: list[AttributeType]) -> None:
        # None first: it is the one that fails at once
        self._members = sorted(members, key=lambda member: member is not TYPES["None"])
        self.expected = " or ".join(dict.fromkeys(member.expected for member in members))
        self.choices = tuple(choice for member in members for choice in member.choices)

    def convert(self, value: Any, owner: Any) -> Any:
        help = None
        for member in self._members:
            try:
                return member.convert(value, owner)
            except AttributeFault as fault:
                help = fault.help or help
        raise self.fault(help)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [member.schema() for member in self._members]}


def type_of(annotation: str) -> AttributeType:
    """The attribute type an annotation names, as in `Activation | None`."""
    found = TYPES.get(annotation)
    if found is None:
        members = annotation.split(" | ")
        if len(members) == 1:
            raise LookupError(f"no attribute type is called {annotation!r}")
        found = TYPES[annotation] = _Union([type_of(member) for member in members])
    return found


class Attribute:
    """One attribute of a catalogue class: name, type, default, checks."""

    __slots__ = ("annotation", "call", "checks", "default", "keyword_only", "name", "type")

    def __init__(self, name: str, annotation: str, declared: Any) -> None:
        declaration = declared if isinstance(declared, Declaration) else Declaration(declared, (), False, False)
        self.name = name
        self.annotation = annotation
        self.type = type_of(annotation)
        self.default = declaration.default
        self.checks = declaration.checks
        self.call = declaration.call
        self.keyword_only = declaration.keyword_only

    def with_default(self, default: Any) -> Attribute:
        """The same attribute with another default (or declared anew, where `default` is a declaration)."""
        if isinstance(default, Declaration):
            return Attribute(self.name, self.annotation, default)
        return Attribute(self.name, self.annotation, Declaration(default, self.checks, self.call, self.keyword_only))

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    @property
    def choices(self) -> tuple[str, ...]:
        """Strings that a bare name may stand for where this attribute is given."""
        checked = (choice for check in self.checks for choice in getattr(check, "choices", ()))
        return self.type.choices + tuple(choice for choice in checked if isinstance(choice, str))

    def convert(self, value: Any, owner: Any) -> Any:
        """The normal form of `value`, or AttributeFault."""
        converted = self.type.convert(value, owner)
        if converted is not None:
            for check in self.checks:
                expected = check(converted)
                if expected is not None:
                    raise AttributeFault(expected)
        return converted
