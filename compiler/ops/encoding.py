"""Owns layers that turn numbers into what a network takes: normalization by given figures, discretization and
category_encoding. A spec has no data from which to `adapt`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attributes import (
    TYPES,
    AttributeType,
    Floats,
    Ints,
    attr,
    call,
    not_negative,
    one_of,
    positive,
)
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import (
    Layer,
    LayerName,
    OpError,
    Tensor,
    Weight,
    expect_min_rank,
    known_size,
    normal_axis,
)
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_numbers, show
from netwright.compiler.types import TensorType

ENCODINGS = ("one_hot", "multi_hot", "count")


def refuse_sparse(layer: Any) -> None:
    """Sparse tensors are Keras's on TensorFlow alone, and never compiled."""
    if layer.sparse:
        raise OpError("not-supported", "sparse tensors do not run on every backend", at="sparse", help="leave it out")


def encoded(x: TensorType, mode: str, depth: int, dtype: str) -> TensorType:
    """Indices `x` encoded: one_hot: (..., k) → (..., k, depth), (..., 1) → (..., depth); multi_hot and count take axis
    1 (of a vector, axis 0) together: (N, k, ...) → (N, ..., depth)."""
    shape = x.shape
    if mode == "one_hot":
        squeezed = x.rank > 1 and equal(shape[-1], 1) is True
        shape = shape[:-1] if squeezed else shape
    elif mode != "int":
        together = min(x.rank - 1, 1)
        shape = (*shape[:together], *shape[together + 1 :])
    return TensorType(dtype, shape if mode == "int" else (*shape, depth))


_COUNTED = ("f32", "f64", "i32", "i64")


class CategoryEncoding(Layer):
    """y = 1 (or how often, with count) at each index of x, else 0; indices from 0 to num_tokens - 1; x: (N, k) →
    y: (N, num_tokens), or (N, k, num_tokens) with one_hot."""

    operands = ("inputs",)
    num_tokens: int | None = attr(positive, default=None)
    output_mode: str = attr(one_of(*ENCODINGS, "binary"), default="multi_hot")
    sparse: bool = False
    count_weights: Tensor | None = call()

    def validate(self) -> None:
        refuse_sparse(self)
        if self.num_tokens is None:
            raise OpError("missing-argument", "num_tokens is not given", help="category_encoding(num_tokens=10)")

    def infer(self, inputs: TensorType, count_weights: TensorType | None = None) -> TensorType:
        expect_numbers(inputs)
        expect_min_rank(inputs, 1)
        self._expect_weights(inputs, count_weights)
        mode = "multi_hot" if self.output_mode == "binary" else self.output_mode
        if mode != "one_hot" and self.compute_dtype not in _COUNTED:
            message = f"Keras on TensorFlow counts in {', '.join(_COUNTED)}, not in {self.compute_dtype}"
            raise OpError("dtype-mismatch", message, at="dtype")
        return encoded(inputs, mode, self.num_tokens or 0, self.compute_dtype)

    def _expect_weights(self, x: TensorType, weights: TensorType | None) -> None:
        if weights is None:
            return
        if self.output_mode != "count":
            raise OpError("invalid-argument", "count_weights needs output_mode count", at="count_weights")
        if weights.rank != x.rank or None in map(agree, weights.shape, x.shape):
            message = f"expected weights of shape {show(x.shape)}, found {weights}"
            raise OpError("shape-mismatch", message, at="count_weights")

    def elementwise(self, inputs: TensorType, y: TensorType, **_: object) -> Dim:
        return 0 if self.output_mode == "one_hot" else inputs.size


class Discretization(Layer):
    """y = how many of the boundaries b_1 < b_2 < ... are at most x; x: (...) → y: i32 (...), or encoded as
    category_encoding does with one_hot, multi_hot and count."""

    operands = ("inputs",)
    bin_boundaries: Floats | None = None
    num_bins: int | None = attr(not_negative, default=None)
    epsilon: float = 0.01
    output_mode: str = attr(one_of("int", *ENCODINGS), default="int")
    sparse: bool = False
    dtype: DType | None = None
    name: LayerName | None = None
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]

    def validate(self) -> None:
        refuse_sparse(self)
        help = "give bin_boundaries: [0.5, 1.5]"
        if self.num_bins is not None:
            raise OpError(
                "not-supported", "num_bins needs data to adapt to, which a spec has not", at="num_bins", help=help
            )
        if self.bin_boundaries is None:
            raise OpError("missing-argument", "bin_boundaries are not given", help=help)
        if list(self.bin_boundaries) != sorted(self.bin_boundaries):
            raise OpError("invalid-argument", "the boundaries are not in ascending order", at="bin_boundaries")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_numbers(inputs)
        expect_min_rank(inputs, 1)
        dtype = "i32" if self.output_mode == "int" else self.compute_dtype
        return encoded(inputs, self.output_mode, len(self.bin_boundaries or ()) + 1, dtype)

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim:
        return inputs.size * len(self.bin_boundaries or ())


class _Figures(AttributeType):
    """A number, or a list of numbers, or lists of them."""

    expected = "a number or a list of numbers"

    def convert(self, value: Any, owner: Any) -> Any:
        if isinstance(value, tuple) and value:
            return tuple(self.convert(item, owner) for item in value)
        return TYPES["float"].convert(value, owner)

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "array"]}


TYPES["Figures"] = _Figures()
Figures = Any  # what type checkers see behind the annotation name


def shape_of(figures: Any) -> tuple[int, ...] | None:
    """The shape of nested lists; none where they differ in length."""
    if not isinstance(figures, tuple):
        return ()
    shapes = {shape_of(item) for item in figures}
    inner = next(iter(shapes))
    return None if len(shapes) > 1 or inner is None else (len(figures), *inner)


class Normalization(Layer):
    """y = (x - mean) / max(√variance, 1e-7), or x · max(√variance, 1e-7) + mean with invert; x: (...) → y: (...), in
    the layer's dtype. Figures that are given are one for all or one for each entry of the axes, and no weights. Else
    they are weights that are not trained: load them, or adapt Keras's layer."""

    operands = ("inputs",)
    axis: int | Ints | None = -1
    mean: Figures | None = None
    variance: Figures | None = None
    invert: bool = False

    def validate(self) -> None:
        for name, other in (("mean", "variance"), ("variance", "mean")):
            if getattr(self, name) is None and getattr(self, other) is not None:
                help = "give both or none: normalization(mean=[...], variance=[...])"
                raise OpError("missing-argument", f"{other} is given, but not {name}", at=other, help=help)
        shape = shape_of(self.mean)
        if shape is None or shape != shape_of(self.variance):
            raise OpError("invalid-argument", "mean and variance must have one shape", at="variance")
        if len(shape) > len(self.axes()):
            message = f"mean has {len(shape)} axes, but axis names {len(self.axes())}"
            raise OpError("invalid-argument", message, at="mean")

    def axes(self) -> tuple[int, ...]:
        """The axes as a tuple."""
        return () if self.axis is None else self.axis if isinstance(self.axis, tuple) else (self.axis,)

    def infer(self, inputs: TensorType) -> TensorType:
        expect_numbers(inputs)
        sizes = self._kept(inputs)
        shape = shape_of(self.mean) or ()
        for given, (axis, size) in zip(reversed(shape), reversed(sizes.items()), strict=False):
            if given not in (1, size):
                raise OpError("shape-mismatch", f"mean has {given} numbers, but axis {axis} has {size}", at="mean")
        return inputs.with_dtype(self.compute_dtype)

    def _kept(self, x: TensorType) -> dict[int, int]:
        """Axis → size, for the axes that have figures of their own."""
        axes = sorted(normal_axis(axis, x.rank) for axis in self.axes())
        if len(set(axes)) < len(axes):
            raise OpError("invalid-argument", "an axis is named twice", at="axis")
        return {axis: known_size(x.shape[axis], f"the size of axis {axis}") for axis in axes}

    def weights(self, inputs: TensorType) -> Iterable[Weight]:
        if self.mean is None:
            shape = tuple(self._kept(inputs).values())
            yield self.weight("mean", shape, "zeros", trainable=False)
            yield self.weight("variance", shape, "ones", trainable=False)
            yield Weight("count", (), "zeros", trainable=False, dtype="i32")

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim:
        return 2 * y.size
