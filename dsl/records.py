"""Owns how plain data classes are declared: `record`, `node`, `entity`. They read like dataclasses, and type checkers
take them for such; but a dataclass costs half a millisecond to define, since it writes and compiles its methods at
once, and a command that checks a spec in the blink of an eye cannot spend forty on definitions. Here `__init__` is
compiled when a class is first used, and the rest is shared. All have slots. Knows nothing of what they hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")
_MISSING: Any = object()


class Field:
    """One field: its default or what makes it, whether `__init__` takes it, whether it counts in comparison."""

    __slots__ = ("compare", "default", "default_factory", "init")

    def __init__(self, default: Any, default_factory: Callable[[], Any] | None, init: bool, compare: bool) -> None:
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.compare = compare


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    init: bool = True,
    compare: bool = True,
) -> Any:
    """A field with more to say than a default."""
    return Field(default, default_factory, init, compare)


@dataclass_transform(eq_default=True, frozen_default=True, field_specifiers=(field,))
def record(cls: type[T]) -> type[T]:
    """Data that compares and hashes by its fields. Frozen to the type checker, not at run time: what freezing costs
    triples the price of making one."""
    made = _with_slots(cls)
    compared = [name for name, each in fields(made).items() if each.compare]
    key = attrgetter(*compared) if compared else lambda item: ()

    def __eq__(self: Any, other: object) -> bool:
        return self is other or (type(other) is type(self) and bool(key(self) == key(other)))

    def __hash__(self: Any) -> int:
        return hash((type(self), key(self)))

    made.__eq__ = __eq__  # type: ignore[method-assign]
    made.__hash__ = __hash__  # type: ignore[method-assign]
    return made


@dataclass_transform(eq_default=False, frozen_default=True, field_specifiers=(field,))
def node(cls: type[T]) -> type[T]:
    """Data with a `span` that compares by identity and shows itself as what it stands for: in full, the fields of a
    long sum would nest without bound."""
    made = _with_slots(cls)
    made.__repr__ = _shown_by_span  # type: ignore[method-assign]
    return made


@dataclass_transform(eq_default=False, field_specifiers=(field,))
def entity(cls: type[T]) -> type[T]:
    """A thing with fields that change; it compares by identity."""
    return _with_slots(cls)


def fields(cls: Any) -> dict[str, Field]:
    """The fields of a class, or of an instance, in order."""
    found: dict[str, Field] = cls.__record_fields__
    return found


def replace(item: T, **changes: Any) -> T:
    """A copy with some fields changed."""
    kept = {name: getattr(item, name) for name, each in fields(item).items() if each.init}
    return type(item)(**{**kept, **changes})


def _with_slots(cls: type[T]) -> type[T]:
    """The class anew, with slots for its own fields and an `__init__` that compiles itself when first called."""
    own = {name: text for name, text in cls.__annotations__.items() if not str(text).startswith("ClassVar")}
    declared = {name: _as_field(cls.__dict__.get(name, _MISSING)) for name in own}
    left_out = {*own, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    inherited = getattr(cls, "__record_fields__", {})
    all_fields = {**inherited, **declared}
    namespace |= {
        "__slots__": (*(name for name in own if name not in inherited), *_room_for_caches(cls)),
        "__record_fields__": all_fields,
        "__match_args__": tuple(name for name, each in all_fields.items() if each.init),
        "__init__": _first_init,
    }
    if "__repr__" not in cls.__dict__:
        namespace["__repr__"] = _shown_by_fields
    made: type[T] = type.__new__(type(cls), cls.__name__, cls.__bases__, namespace)
    return made


def _room_for_caches(cls: type) -> tuple[str, ...]:
    """Cached properties keep their values in a `__dict__`."""
    return ("__dict__",) if any(isinstance(value, cached_property) for value in cls.__dict__.values()) else ()


def _as_field(value: Any) -> Field:
    return value if isinstance(value, Field) else Field(value, None, init=True, compare=True)


def _first_init(self: Any, *arguments: Any, **keywords: Any) -> None:
    made: Any = next(cls for cls in type(self).__mro__ if "__record_fields__" in cls.__dict__)
    made.__init__ = _compile_init(made)
    made.__init__(self, *arguments, **keywords)


def _compile_init(cls: Any) -> Any:
    parameters, body, names = ["self"], [], {"_MISSING": _MISSING}
    for name, each in fields(cls).items():
        names |= {f"_default_{name}": each.default, f"_factory_{name}": each.default_factory}
        if each.default_factory is not None:
            value = f"_factory_{name}() if {name} is _MISSING else {name}" if each.init else f"_factory_{name}()"
            parameters += [f"{name}=_MISSING"] if each.init else []
        else:
            value = name if each.init else f"_default_{name}"
            optional = f"{name}=_default_{name}" if each.default is not _MISSING else name
            parameters += [optional] if each.init else []
        body.append(f"self.{name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body or ["pass"]), names)
    return names["__init__"]


def _shown_by_fields(self: Any) -> str:
    inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in fields(self))
    return f"{type(self).__name__}({inside})"


def _shown_by_span(self: Any) -> str:
    return f"<{type(self).__name__} {self.span.text[:60]!r}>"
