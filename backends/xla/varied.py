"""Owns what may differ between the copies of a loop: attributes that an operator can take as data. A network whose
blocks differ in their dropout rates alone is still compiled as one block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netwright.backends.keras.objects import Sizes
from netwright.backends.xla.leaves import Applied, Arrays
from netwright.backends.xla.slots import Slot
from netwright.compiler.ops.op import Op

#: backend -> whether what was drawn is kept, as its own dropout decides
_KEEPS: Mapping[str, Callable[[Any, Any], Any]] = {
    "jax": lambda drawn, rate: drawn < 1 - rate,
    "tensorflow": lambda drawn, rate: drawn >= rate,
}


def given_noise_shape(layer: Any, x: Any) -> Sequence[int]:
    """The shape of what a dropout draws for x."""
    given = layer.noise_shape or (None,) * len(x.shape)
    return [size if noise is None else noise for noise, size in zip(given, x.shape, strict=False)]


def _spatial_noise_shape(layer: Any, x: Any) -> Sequence[int]:
    return layer._get_noise_shape(x)  # type: ignore[no-any-return]


#: Keras's own layers, which take the rate as a number alone -> (layer, x) -> the shape of what is drawn
_NOISE_SHAPES: Mapping[str, Callable[[Any, Any], Sequence[int]]] = {
    "layers.Dropout": given_noise_shape,
    "layers.SpatialDropout1D": _spatial_noise_shape,
    "layers.SpatialDropout2D": _spatial_noise_shape,
    "layers.SpatialDropout3D": _spatial_noise_shape,
}
_TAKE_RATES = frozenset({*_NOISE_SHAPES, "written.StochasticDepth"})


def is_varied(ops: Sequence[Any]) -> bool:
    """Whether these copies of an operator are one that takes its rate as data. A dropout of rate 0 draws nothing: it is
    another operator."""
    return ops[0].keras in _TAKE_RATES and all(op.rate for op in ops)


def rate_of(op: Any) -> float:
    """What a varied operator has of its own."""
    return float(op.rate)


def apply_varied(op: Op, layer: Any, x: Any, rate: Any, training: bool) -> Any:
    """The layer applied with this rate in the place of its own. Written layers and forms have a method for that."""
    import keras

    x = keras.ops.cast(x, layer.compute_dtype)
    if not training:
        return x
    rate = keras.ops.cast(rate, x.dtype)
    return layer.dropped(x, rate) if hasattr(layer, "dropped") else _dropped(layer, x, rate, op)


def _dropped(layer: Any, x: Any, rate: Any, op: Op) -> Any:
    from keras import config, ops, random

    drawn = random.uniform(_NOISE_SHAPES[op.keras](layer, x), seed=layer.seed_generator, dtype=x.dtype)
    return ops.where(_KEEPS[config.backend()](drawn, rate), x / (1 - rate), 0)


class VariedLeaf:
    """A layer's leaf with another rate than the layer has."""

    def __init__(self, leaf: Any, rate: Any) -> None:
        self.slots: tuple[Slot, ...] = leaf.slots
        self.leaf = leaf
        self.rate = rate

    def __call__(
        self, operands: Sequence[Any], keywords: Mapping[str, Any], arrays: Arrays, sizes: Sizes, training: bool
    ) -> Applied:
        import keras

        mapping = [(slot.variable, arrays[slot.name]) for slot in self.slots]
        with keras.StatelessScope(mapping) as scope:
            output = apply_varied(self.leaf.op, self.leaf.layer, operands[0], self.rate, training)
        return Applied((output,), {slot.name: scope.get_current_value(slot.variable) for slot in self.slots})
