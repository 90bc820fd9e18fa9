"""Owns normalization as functions of keras.ops: statistics, and division by them. What scales and shifts is given by
keyword where the function is applied."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import Ints, attr, call, positive
from netwright.compiler.ops.op import Function, OpError, Tensor, expect_min_rank, normal_axis
from netwright.compiler.ops.shapes import agree, broadcasts_to
from netwright.compiler.ops.tensor_reduction import floating, reduced
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_numbers, normal_axes, show
from netwright.compiler.types import Shape, TensorType


class Moments(Function):
    """(mean, variance) over `axes`; x: (..., d, ...) → twice (..., ...)."""

    excluded: ClassVar[dict[str, str]] = {"synchronized": "means something only where replicas train together"}
    axes: int | Ints | None = attr()
    keepdims: bool = False

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType]:
        expect_dtype(x, x.is_float, "floats")
        y = x.with_shape(*reduced(x.shape, normal_axes(self.axes, x.rank, "axes"), self.keepdims))
        return y, y

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[0].size


class Normalize(Function):
    """y = x / max((Σ |x|ᵖ)^(1/p), epsilon) with p = `order`, along one axis or several; x: s → y: s. Integers become
    f32, with order 2 they are refused."""

    axis: int | Ints | None = -1
    order: int = attr(positive, default=2)  # type: ignore[assignment, misc]  # the name is Keras's
    epsilon: float | None = None

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_dtype(x, x.is_float or self.order != 2, "floats")
        expect_min_rank(x, 1)
        axes = normal_axes(self.axis, x.rank)
        if self.order != 2 and (len(axes) > 2 or (len(axes) == 2 and self.order > 2)):
            message = f"order {self.order} is for one axis{' or two' if self.order == 1 else ''}, found {len(axes)}"
            raise OpError("invalid-argument", message, at="order")
        return x.with_dtype(floating(x))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 3 * tensors[0].size


def expect_shape(given: TensorType, wanted: Shape, at: str | int) -> None:
    """The tensor has this shape."""
    if given.rank != len(wanted) or any(
        agree(dim, size) is None for dim, size in zip(given.shape, wanted, strict=False)
    ):
        raise OpError("shape-mismatch", f"expected the shape {show(wanted)}, found {show(given.shape)}", at=at)


class BatchNormalization(Function):
    """y = scale (x - mean) / √(variance + epsilon) + offset, each a vector along `axis`; x: (..., d, ...) → y as x. The
    bare name is the layer. Keras takes an offset only with a scale."""

    name_in_flow = "ops.batch_normalization"
    operands = ("x", "mean", "variance")
    axis: int
    offset: Tensor | None = call()
    scale: Tensor | None = call()
    epsilon: float = attr(positive, default=1e-3)

    def infer(
        self,
        x: TensorType,
        mean: TensorType,
        variance: TensorType,
        offset: TensorType | None = None,
        scale: TensorType | None = None,
    ) -> TensorType:
        wanted = (x.shape[normal_axis(self.axis, x.rank)],)
        places = ((x, 0), (mean, 1), (variance, 2), (offset, "offset"), (scale, "scale"))
        for given, at in places:
            if given is None:
                continue
            fits = given.is_float and given.dtype == x.dtype
            if not fits:
                raise OpError("dtype-mismatch", f"floats of one dtype are needed, found {x.dtype} and {given.dtype}")
            if given is not x:
                expect_shape(given, wanted, at)
        if offset is not None and scale is None:
            raise OpError("invalid-argument", "Keras takes an offset only with a scale", help="give a scale of ones")
        return x

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[0].size


class LayerNormalization(Function):
    """y = gamma (x - mean) / √(variance + epsilon) + beta, statistics over `axis`, gamma and beta of the sizes of these
    axes; x: s → y: s. The bare name is the layer."""

    name_in_flow = "ops.layer_normalization"
    gamma: Tensor | None = call()
    beta: Tensor | None = call()
    axis: int | Ints = -1
    epsilon: float | None = None

    def infer(self, x: TensorType, gamma: TensorType | None = None, beta: TensorType | None = None) -> TensorType:
        expect_numbers(x)
        axes = sorted(normal_axes(self.axis, x.rank))
        for name, given in (("gamma", gamma), ("beta", beta)):
            if given is not None:
                expect_numbers(given)
                expect_shape(given, tuple(x.shape[axis] for axis in axes), name)
        return x

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 8 * tensors[0].size


class RmsNormalization(Function):
    """y = scale x / √(mean x² + epsilon), the mean over `axis`; x: s, scale: broadcastable to s → y: s (Zhang &
    Sennrich 2019, arXiv:1910.07467). The bare name is the layer."""

    name_in_flow = "ops.rms_normalization"
    scale: Tensor | None = call()
    axis: int | Ints = -1
    epsilon: float | None = None

    def infer(self, x: TensorType, scale: TensorType | None = None) -> TensorType:
        expect_numbers(x)
        expect_min_rank(x, 1)
        normal_axes(self.axis, x.rank)
        if scale is not None and not broadcasts_to(scale.shape, x.shape):
            message = f"a scale of {show(scale.shape)} does not broadcast to {show(x.shape)}"
            raise OpError("shape-mismatch", message, at="scale")
        return x

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[0].size
