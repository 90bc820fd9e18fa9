"""Owns what may differ between the copies of a loop: attributes that an operator can take as data. A network whose
blocks differ in their dropout rates alone is still compiled as one block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from netwright.backends.keras.objects import Sizes
from netwright.backends.xla.leaves import Applied, Arrays, Slot
from netwright.compiler.ops.op import Op

#: backend -> whether what was drawn is kept, as its own dropout decides
_KEEPS: Mapping[str, Callable[[Any, Any], Any]] = {
    "jax": lambda drawn, rate: drawn < 1 - rate,
    "tensorflow": lambda drawn, rate: drawn >= rate,
}


def _dropout(layer: Any, x: Any, rate: Any) -> Any:
    given = layer.noise_shape or (None,) * len(x.shape)
    return _dropped(
        layer, x, rate, [size if noise is None else noise for noise, size in zip(given, x.shape, strict=False)]
    )


def _spatial_dropout(layer: Any, x: Any, rate: Any) -> Any:
    return _dropped(layer, x, rate, layer._get_noise_shape(x))


def _dropped(layer: Any, x: Any, rate: Any, noise_shape: Sequence[int]) -> Any:
    """Keras's own takes the rate as a number alone."""
    from keras import config, ops, random

    drawn = random.uniform(noise_shape, seed=layer.seed_generator, dtype=x.dtype)
    return ops.where(_KEEPS[config.backend()](drawn, rate), x / (1 - rate), 0)


def _stochastic_depth(layer: Any, x: Any, rate: Any) -> Any:
    return layer.dropped(x, rate)


#: operator by its Keras name -> what it does in training with a rate that is a tensor: (layer, x, rate) -> y
_OF_RATE: Mapping[str, Callable[[Any, Any, Any], Any]] = {
    "layers.Dropout": _dropout,
    "layers.SpatialDropout1D": _spatial_dropout,
    "layers.SpatialDropout2D": _spatial_dropout,
    "layers.SpatialDropout3D": _spatial_dropout,
    "written.StochasticDepth": _stochastic_depth,
}


def is_varied(ops: Sequence[Any]) -> bool:
    """Whether these copies of an operator are one that takes its rate as data. A dropout of rate 0 draws nothing: it is
    another operator."""
    return ops[0].keras in _OF_RATE and all(op.rate for op in ops)


def rate_of(op: Any) -> float:
    """What a varied operator has of its own."""
    return float(op.rate)


def apply_varied(op: Op, layer: Any, x: Any, rate: Any, training: bool) -> Any:
    """The layer applied with this rate in the place of its own."""
    import keras

    x = keras.ops.cast(x, layer.compute_dtype)
    return _OF_RATE[op.keras](layer, x, keras.ops.cast(rate, x.dtype)) if training else x


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
