"""Owns what computes one operator: its Keras layer called statelessly, or its function. A leaf is pure: arrays come
in and go out, so one leaf serves every copy of an operator. Knows no graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from netwright.backends.keras.objects import Sizes, keras_arguments, keras_callable
from netwright.backends.xla.forms import Forms
from netwright.backends.xla.penalties import make_factors_numbers
from netwright.backends.xla.slots import Slot, match_slots
from netwright.compiler.dims import SymbolicDim
from netwright.compiler.dtypes import keras_dtype
from netwright.compiler.externs import ExternLayer
from netwright.compiler.ir import OpNode, Tensors, each_tensor
from netwright.compiler.ops.activation_values import activation_operator
from netwright.compiler.ops.op import Layer, Op
from netwright.compiler.ops.random_functions import RandomFunction
from netwright.compiler.types import TensorType
from netwright.dsl.diagnostics import CompilerBug

Arrays = dict[str, Any]


@dataclass(slots=True)
class Applied:
    """What applying a leaf gave: outputs, the new values of its state by name, and losses such as activity
    penalties."""

    outputs: tuple[Any, ...]
    state: Arrays = field(default_factory=dict)
    losses: list[Any] = field(default_factory=list)


class Leaf(Protocol):
    """Computes an operator."""

    slots: tuple[Slot, ...]

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        """Apply the operator; `arrays` are those of its slots, by name."""


def make_leaf(node: OpNode, forms: Forms) -> Leaf:
    """The leaf of an operator applied to tensors of such types; `forms` stand in the place of what Keras has."""
    if isinstance(node.op, ExternLayer):
        from netwright.backends.xla.externs import ExternLeaf

        return ExternLeaf(node)
    if isinstance(node.op, RandomFunction):
        return RandomLeaf(node.op)
    if not isinstance(node.op, Layer):
        return ConstantLeaf(node.op) if node.op.beforehand else FunctionLeaf(node.op, forms)
    return SizedLayerLeaf(node.op) if _has_sizes(node.op) else LayerLeaf(node, forms)


def _has_sizes(value: Any) -> bool:
    """Whether an operator's configuration holds a size that is known only when the program runs."""
    if isinstance(value, (Op, tuple)):
        return any(map(_has_sizes, value.given().values() if isinstance(value, Op) else value))
    return isinstance(value, SymbolicDim)


# ---------------------------------------------------------------- functions


class FunctionLeaf:
    """A function of keras.ops or keras.activations."""

    slots: tuple[Slot, ...] = ()

    def __init__(self, op: Op, forms: Forms = MappingProxyType({})) -> None:
        self.op = op
        self.function = _SUBSCRIPTS if op.keras == "ops.get_item" else forms.get(op.keras) or keras_callable(op.keras)

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        arguments = {**keras_arguments(self.op, sizes), **keras_arguments(self.op, sizes, call=True), **keywords}
        if self.op.convention == "named":
            arguments |= zip(self.op.operands[1:], operands[1:], strict=False)
            operands = operands[:1]
        return Applied(as_tuple(_FUNCTION_CONVENTIONS[self.op.convention](self.function, list(operands), arguments)))


class RandomLeaf(FunctionLeaf):
    """A function of keras.random, with a generator of its own, whose state moves on at each call."""

    def __init__(self, op: RandomFunction) -> None:
        import keras

        super().__init__(op)
        self.generator = keras.random.SeedGenerator(op.seed)
        self.slots = (Slot(self.generator.state.name, False, None, self.generator.state),)

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        import keras

        (slot,) = self.slots
        with keras.StatelessScope([(slot.variable, arrays[slot.name])]) as scope:
            applied = super().__call__(operands, {**keywords, "seed": self.generator}, arrays, sizes, training)
        return Applied(applied.outputs, {slot.name: scope.get_current_value(slot.variable)})


class ConstantLeaf:
    """A function of attributes alone, whose tensor is made before anything is compiled."""

    slots: tuple[Slot, ...] = ()

    def __init__(self, op: Op) -> None:
        import keras

        self.array = keras.ops.convert_to_numpy(keras_callable(op.keras)(**keras_arguments(op)))

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        import keras

        return Applied((keras.ops.convert_to_tensor(self.array),))


def _einsum(function: Any, operands: list[Any], arguments: dict[str, Any]) -> Any:
    first, *rest = arguments.items()
    return function(first[1], *operands, **dict(rest))


_FUNCTION_CONVENTIONS = {
    "positional": lambda function, operands, arguments: function(*operands, **arguments),
    "named": lambda function, operands, arguments: function(*operands, **arguments),
    "list": lambda function, operands, arguments: function(operands, **arguments),
    "einsum": _einsum,
}


def _SUBSCRIPTS(x: Any, indices: tuple[Any, ...]) -> Any:
    return x[tuple(_subscript(index) for index in indices)]


def _subscript(index: Any) -> Any:
    return slice(*index) if isinstance(index, tuple) else Ellipsis if index == "..." else index


def as_tuple(outputs: Any) -> tuple[Any, ...]:
    """All tensors one after another, those of lists in a list too."""
    if isinstance(outputs, (list, tuple)):
        return tuple(tensor for item in outputs for tensor in as_tuple(item))
    return (outputs,)


# ---------------------------------------------------------------- layers


class LayerLeaf:
    """A Keras layer, or its form, with arrays in the place of its variables."""

    def __init__(self, node: OpNode, forms: Forms = MappingProxyType({})) -> None:
        self.op = node.op
        make = forms.get(self.op.keras) or keras_callable(self.op.keras)
        self.layer = make(**(keras_arguments(_of_zeros(self.op)) | _formed_activations(self.op, forms)))
        make_factors_numbers(self.layer)
        self._build(node)
        self.slots = match_slots(node, self.layer)
        #: layers, wrapped ones too, that work out something from their weights once: normalization its divisors
        self._deriving = [layer for layer in self.layer._flatten_layers() if hasattr(layer, "finalize_state")]

    def _build(self, node: OpNode) -> None:
        """Let Keras create the variables, by a symbolic call as in a functional model."""
        operands = [symbolic(value.type) for value in node.operands]
        keywords = {name: _each(value, lambda item: symbolic(item.type)) for name, value in node.keywords}
        self._call(operands, {**keras_arguments(self.op, call=True), **keywords})

    def _call(self, operands: list[Any], arguments: dict[str, Any]) -> Any:
        return self.layer(operands, **arguments) if self.op.convention == "list" else self.layer(*operands, **arguments)

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        import keras

        arguments = {**keras_arguments(self.op, sizes, call=True), **keywords, "training": training}
        mapping = [(slot.variable, arrays[slot.name]) for slot in self.slots]
        with keras.StatelessScope(mapping, collect_losses=True, initialize_variables=False) as scope:
            for layer in self._deriving:
                layer.finalize_state()
            outputs = self._call(list(operands), arguments)
        state = {slot.name: scope.get_current_value(slot.variable) for slot in self.slots if not slot.trainable}
        return Applied(as_tuple(outputs), state, list(scope.losses))


class SizedLayerLeaf:
    """A Keras layer without arrays whose configuration holds symbolic dims, `reshape([H * W, 4])`: made anew for the
    sizes of each traced program."""

    slots: tuple[Slot, ...] = ()

    def __init__(self, op: Op) -> None:
        import keras

        self.op = op
        self.policy = keras.config.dtype_policy()

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        layer = keras_callable(self.op.keras)(**{"dtype": self.policy, **keras_arguments(self.op, sizes)})
        outputs = layer(*operands, **keywords, training=training)
        if layer.variables:
            raise CompilerBug(f"{self.op} has symbolic sizes and arrays of its own")
        return Applied(as_tuple(outputs))


def _of_zeros(op: Op) -> Op:
    """The same with zeros for every initializer, of layers that it wraps too: a layer's own arrays are never read, so
    they need no random numbers."""
    zeros = dict.fromkeys(_of_type(op, "Initializer"), "zeros")
    wrapped = {name: _of_zeros(value) for name, value in op.given().items() if isinstance(value, Layer)}
    return type(op)(op.given() | zeros | wrapped)


def _formed_activations(op: Op, forms: Forms) -> dict[str, Any]:
    """The forms of the activations that a layer is given."""
    values = {name: activation_operator(getattr(op, name)) for name in _of_type(op, "Activation")}
    return {
        name: partial(forms[value.keras], **keras_arguments(value))
        for name, value in values.items()
        if value is not None and value.keras in forms
    }


def _of_type(op: Op, type_name: str) -> list[str]:
    """The names of the attributes that take values of a type."""
    attributes = type(op).attributes().items()
    return [name for name, attribute in attributes if type_name in attribute.annotation.split(" | ")]


def symbolic(type: TensorType) -> Any:
    import keras

    shape = tuple(None if isinstance(dim, SymbolicDim) else dim for dim in type.shape)
    return keras.KerasTensor(shape, dtype=keras_dtype(type.dtype))


def _each(given: Tensors, change: Any) -> Any:
    """As Keras takes call-time tensors: a list where there are several, none where one is left out."""
    changed = each_tensor(given, change)
    return list(changed) if isinstance(changed, tuple) else changed
