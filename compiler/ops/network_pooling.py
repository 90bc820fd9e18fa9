"""Owns pooling as functions of keras.ops: each is the pooling layer of its operand's rank, whose rule it has."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops import pooling as windows, pooling_adaptive as adaptive
from netwright.compiler.ops.attributes import AttributeFault, Ints, attr, one_of, positive
from netwright.compiler.ops.layout import CaseFolded, SpatialLayer
from netwright.compiler.ops.op import Function, OpError
from netwright.compiler.types import TensorType


def layer_of_rank(layers: tuple[type[SpatialLayer], ...], x: TensorType, values: dict[str, Any]) -> Any:
    """The layer for as many spatial dims as `x` has, of those for one, two and three, with the function's values."""
    if not 3 <= x.rank < 3 + len(layers):
        wanted = ", ".join(str(3 + more) for more in range(len(layers)))
        message = f"expected a tensor of rank {wanted} (batch, spatial dims, channels), found rank {x.rank}"
        raise OpError("rank-mismatch", message, at=0, label=f"this is {x}")
    cls = layers[x.rank - 3]
    layer = cls({name: _converted(cls, name, value) for name, value in values.items()})
    layer.validate()
    return layer


def _converted(cls: type[SpatialLayer], name: str, value: Any) -> Any:
    try:
        return cls.attributes()[name].convert(value, cls)
    except AttributeFault as fault:
        message = f"'{name}': expected {fault.expected}, found {value}"
        raise OpError("invalid-argument", message, at=name, help=fault.help) from None


class PoolFunction(Function, abstract=True):
    """A function that is one of three layers."""

    operands = ("inputs",)
    layers: ClassVar[tuple[type[SpatialLayer], ...]]

    def layer(self, inputs: TensorType) -> Any:
        """The layer of the operand's rank."""
        values = {name: getattr(self, name) for name in type(self).attributes()}
        return layer_of_rank(self.layers, inputs, values)

    def infer(self, inputs: TensorType) -> TensorType:
        y: TensorType = self.layer(inputs).infer(inputs)
        return y

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim | None:
        cost: Dim | None = self.layer(inputs).elementwise(inputs, y)
        return cost


class WindowFunction(PoolFunction, abstract=True):
    """One value for each window of each channel; x: (N, *L, c) → (N, *L', c)."""

    pool_size: int | Ints = attr(positive)
    strides: int | Ints | None = attr(positive, default=None)
    padding: CaseFolded = attr(one_of("valid", "same"), default="valid")
    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)

    def validate(self) -> None:
        if self.strides is None:
            size = list(self.pool_size) if isinstance(self.pool_size, tuple) else self.pool_size
            message = "Keras on JAX pools only where strides are given"
            raise OpError("invalid-argument", message, at="strides", help=f"write strides={size}")


class MaxPool(WindowFunction):
    """The largest element of each window, as max_pooling1d to 3d; x: (N, *L, c) → (N, *L', c)."""

    layers = (windows.MaxPooling1D, windows.MaxPooling2D, windows.MaxPooling3D)


class AveragePool(WindowFunction):
    """The mean of each window, as average_pooling1d to 3d; x: (N, *L, c) → (N, *L', c)."""

    layers = (windows.AveragePooling1D, windows.AveragePooling2D, windows.AveragePooling3D)


class AdaptiveFunction(PoolFunction, abstract=True):
    """`output_size` windows over each spatial dim; x: (N, *L, c) → (N, *output_size, c)."""

    output_size: int | Ints = attr(positive)
    data_format: str | None = attr(one_of("channels_last", "channels_first"), default=None)

    @property
    def not_run_on(self) -> tuple[str, ...]:  # type: ignore[override]
        """As the layers."""
        sizes = self.output_size if isinstance(self.output_size, tuple) else (self.output_size,)
        return ("tensorflow",) if 1 in sizes else ()

    def works_symbolically(self, *operands: TensorType, **tensors: object) -> bool:
        """Keras infers one dim too many."""
        return False

    def same_layer(self, *operands: TensorType, **tensors: object) -> str:
        return str(self.layer(operands[0]).keras)


class AdaptiveMaxPool(AdaptiveFunction):
    """The largest element of each window, as adaptive_max_pooling1d to 3d; x: (N, *L, c) → (N, *output_size, c)."""

    layers = (adaptive.AdaptiveMaxPooling1D, adaptive.AdaptiveMaxPooling2D, adaptive.AdaptiveMaxPooling3D)


class AdaptiveAveragePool(AdaptiveFunction):
    """The mean of each window, as adaptive_average_pooling1d to 3d; x: (N, *L, c) → (N, *output_size, c)."""

    layers = (
        adaptive.AdaptiveAveragePooling1D,
        adaptive.AdaptiveAveragePooling2D,
        adaptive.AdaptiveAveragePooling3D,
    )
