"""Owns the base of every catalogue class: reading its attribute declarations into a signature, and instances that
are immutable values. Operators (`op.py`) and Keras's configuration objects (`configuration.py`) derive from it."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self

from netwright.compiler.ops.attributes import REQUIRED, Attribute

_ACRONYMS = (("PReLU", "Prelu"), ("ReLU", "Relu"), ("ELU", "Elu"))


def snake_case(class_name: str) -> str:
    """Conv2DTranspose -> conv2d_transpose, SimpleRNN -> simple_rnn, LeakyReLU -> leaky_relu."""
    for acronym, word in _ACRONYMS:
        class_name = class_name.replace(acronym, word)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])", "_", class_name).lower()


class Declared:
    """A value made of a catalogue class and its attributes. Equal attributes make equal, hash-equal values."""

    #: where Keras has it below `keras`: 'layers.Conv2D', 'ops.mean', 'regularizers.L2'; '' where it does not
    keras: ClassVar[str] = ""
    #: the name in flow
    name_in_flow: ClassVar[str] = ""
    #: attributes in Keras's order where inheritance does not give it
    order: ClassVar[tuple[str, ...]] = ()
    #: parameters of Keras's signature that no spec can write: name -> reason
    excluded: ClassVar[dict[str, str]] = {}
    _attributes: ClassVar[dict[str, Attribute] | None] = None

    _key: tuple[Any, ...]
    _hash: int

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._attributes = None

    @classmethod
    def attributes(cls) -> dict[str, Attribute]:
        """The signature, in Keras's order: positional ones, keyword-only ones, call-time ones."""
        if cls._attributes is None:
            cls._attributes = _read_attributes(cls)
        return cls._attributes

    def __init__(self, values: dict[str, Any]) -> None:
        """`values` are normal forms (see `make`); absent ones take their defaults."""
        fields = self.__dict__
        for name, attribute in type(self).attributes().items():
            fields[name] = values.get(name, attribute.default)
        self._key = (type(self), *fields.values())
        self._hash = hash(self._key)

    @classmethod
    def make(cls, **values: Any) -> Self:
        """An instance from values as a user writes them. Raises AttributeFault or TypeError; for tests and passes."""
        attributes = cls.attributes()
        for name in values:
            if name not in attributes:
                raise TypeError(f"{cls.name_in_flow} has no attribute {name!r}")
        missing = [name for name, attribute in attributes.items() if attribute.required and name not in values]
        if missing:
            raise TypeError(f"{cls.name_in_flow} needs {', '.join(missing)}")
        made = cls({name: attributes[name].convert(value, cls) for name, value in values.items()})
        made.validate()
        return made

    def validate(self) -> None:
        """Check what no single attribute can; raise OpError."""

    def given(self) -> dict[str, Any]:
        """The attributes that differ from their defaults, in order."""
        return {
            name: getattr(self, name)
            for name, attribute in type(self).attributes().items()
            if attribute.required or getattr(self, name) != attribute.default
        }

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Declared) and self._hash == other._hash and self._key == other._key)

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.given().items())
        return f"{self.name_in_flow}({inside})"


def _read_attributes(cls: type[Declared]) -> dict[str, Attribute]:
    found: dict[str, Attribute] = {}
    for base in reversed(cls.__mro__):
        annotations = base.__dict__.get("__annotations__", {})  # noqa: RUF063 - inspect is slow to import
        for name, annotation in annotations.items():
            if annotation.startswith("ClassVar"):
                found.pop(name, None)  # fixed here, so no longer the user's to give
            elif not name.startswith("_"):
                _declare(found, Attribute(name, annotation, base.__dict__.get(name, REQUIRED)))
        for name in found.keys() & base.__dict__.keys() - annotations.keys():
            found[name] = found[name].with_default(base.__dict__[name])
    positional = [name for name, item in found.items() if not item.keyword_only]
    keyword = [name for name, item in found.items() if item.keyword_only]
    order = () if "order" in found else cls.order  # Keras has arguments of that name, too
    names = [*order, *(name for name in positional if name not in order), *keyword]
    return {name: _with_normal_default(found[name], cls) for name in names}


def _declare(found: dict[str, Attribute], attribute: Attribute) -> None:
    """Add an attribute, or change it in place; one that becomes positional takes its place anew."""
    before = found.get(attribute.name)
    if before is not None and before.keyword_only and not attribute.keyword_only:
        del found[attribute.name]
    found[attribute.name] = attribute


def _with_normal_default(attribute: Attribute, cls: type[Declared]) -> Attribute:
    if attribute.default is not REQUIRED:
        attribute.default = attribute.convert(attribute.default, cls)
    return attribute
