"""Owns Keras's configuration objects as values: initializers, regularizers and constraints, and the activations by
name; each a declared class with Keras's signature. Losses, optimizers and the like are declared in `training.py`."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dtypes import DTYPES, KERAS_NAMES
from netwright.compiler.ops.attributes import TYPES, Attribute, AttributeType
from netwright.compiler.ops.declared import Declared, snake_case

#: (kind, flow name) -> class, for every configuration object
CONFIGURATIONS: dict[tuple[str, str], type[Configuration]] = {}


class Configuration(Declared):
    """A configuration object such as `l2(1e-4)`; `kind` is its Keras module: 'initializers'."""

    kind: ClassVar[str] = ""
    aliases: ClassVar[tuple[str, ...]] = ()
    #: names that Keras does not take without arguments, though every argument has a default
    not_alone: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, kind: str = "", **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if kind:  # the base class of a kind, itself no object
            cls.kind = kind
            return
        if "name_in_flow" not in cls.__dict__:
            cls.name_in_flow = snake_case(cls.__name__)
        cls.keras = f"{cls.kind}.{cls.__name__}"
        for name in (cls.name_in_flow, *cls.aliases):
            CONFIGURATIONS[cls.kind, name] = cls


def configurations(kind: str) -> dict[str, type[Configuration]]:
    """The objects of one kind by flow name."""
    return {name: cls for (its_kind, name), cls in CONFIGURATIONS.items() if its_kind == kind}


def find(kind: str, name: str) -> type[Configuration] | None:
    """The object of a kind by flow name, alias or Keras class name ('he_normal', 'HeNormal')."""
    found = CONFIGURATIONS.get((kind, name))
    if found is None and name[:1].isupper():
        return next((cls for cls in configurations(kind).values() if cls.__name__ == name), None)
    return found


class ConfigurationType(AttributeType):
    """An attribute that holds an object of a kind, or the bare name of one. The normal form is the object."""

    def __init__(self, kind: str, expected: str) -> None:
        self.kind = kind
        self.expected = expected

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(configurations(self.kind))

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, Configuration) and value.kind == self.kind:
            return value
        cls = find(self.kind, value) if isinstance(value, str) else None
        if cls is None:
            from netwright.dsl.suggest import did_you_mean

            raise self.fault(did_you_mean(value, self.choices) if isinstance(value, str) else None)
        if value in cls.not_alone or any(attribute.required for attribute in cls.attributes().values()):
            raise self.fault(f"{value} needs arguments: {value}(...)")
        return cls({})

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


def configuration_kind(attribute: Attribute) -> str | None:
    """The kind of configuration object that an attribute holds, if it holds any."""
    types = (TYPES[word] for word in attribute.annotation.split(" | "))
    return next((found.kind for found in types if isinstance(found, ConfigurationType)), None)


class DTypeType(AttributeType):
    """A dtype in our spelling (`f16`) or Keras's (`float16`); the normal form is ours."""

    expected = "a dtype: " + ", ".join(DTYPES)
    choices = tuple(DTYPES)

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, str):
            for name, keras_name in KERAS_NAMES.items():
                if value in (name, keras_name):
                    return name
        raise self.fault()

    def schema(self) -> dict[str, Any]:
        return {"enum": list(DTYPES)}


#: activations that no attribute takes, and why
_NOT_ATTRIBUTES = {"glu": "halves an axis", "prelu": "has weights"}


class ActivationType(AttributeType):
    """An activation: its name, or an operator that is one, with arguments (`leaky_relu(negative_slope=0.2)`).
    The normal form is the name where the name alone says it, else the operator."""

    expected = "the name of an activation"

    @property
    def choices(self) -> tuple[str, ...]:  # type: ignore[override]
        from netwright.compiler.ops.activations import ACTIVATIONS

        return tuple(ACTIVATIONS)

    def convert(self, value: Any, owner: Any) -> Any:
        from netwright.compiler.ops.activation_values import is_activation, plain_name

        if is_activation(value):
            return plain_name(value) or value
        raise self.fault(self._help(value))

    @staticmethod
    def _help(value: Any) -> str | None:
        """What to do about a value that is no activation."""
        from netwright.compiler.ops.activations import ACTIVATIONS

        name = value if isinstance(value, str) else getattr(value, "name_in_flow", "")
        if name in _NOT_ATTRIBUTES:
            return f"{name} {_NOT_ATTRIBUTES[name]}, so it stands behind the layer: `-> {name}`"
        if not isinstance(value, str):
            return None
        if value in ACTIVATIONS:
            return f"{value} needs arguments: {', '.join(ACTIVATIONS[value].attributes())}"
        from netwright.dsl.suggest import did_you_mean

        return did_you_mean(value, ACTIVATIONS)

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}


TYPES |= {
    "Initializer": ConfigurationType("initializers", "the name of an initializer, or one with arguments"),
    "Regularizer": ConfigurationType("regularizers", "a regularizer such as l2(1e-4)"),
    "Constraint": ConfigurationType("constraints", "a constraint such as max_norm(2)"),
    "DType": DTypeType(),
    "Activation": ActivationType(),
}

# what type checkers see behind the annotation names: a name or the object
Initializer = str | Configuration
Regularizer = str | Configuration
Constraint = str | Configuration
DType = str
Activation = str | Declared
