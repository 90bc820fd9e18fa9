"""Owns convolutions as functions of keras.ops, whose kernels are tensors: each is the layer of its operand's rank,
whose rule and cost it has. Kernels have known sizes and the dtype of the operand."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops import convolution, convolution_separable as separable, convolution_transpose as transposed
from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of, positive
from netwright.compiler.ops.layout import CaseFolded, SpatialLayer
from netwright.compiler.ops.network_pooling import layer_of_rank
from netwright.compiler.ops.op import Function, OpError, expect_rank, known_size
from netwright.compiler.types import TensorType

#: attributes of the layers that the kernel's shape gives
_OF_KERNEL = ("kernel_size", "filters", "depth_multiplier")


class KernelFunction(Function, abstract=True):
    """A kernel moved over the spatial dims; x: (N, *L, c) → (N, *L', filters)."""

    operands: ClassVar[tuple[str, ...]] = ("inputs", "kernel")
    layers: ClassVar[tuple[type[SpatialLayer], ...]]
    strides: int | Ints = attr(positive, default=1)
    padding: CaseFolded = attr(one_of("valid", "same"), default="valid")
    data_format: CaseFolded | None = attr(one_of("channels_last", "channels_first"), default=None)
    dilation_rate: int | Ints = attr(positive, default=1)

    def infer(self, inputs: TensorType, *kernels: TensorType) -> TensorType:
        try:
            y: TensorType = self.layer(inputs, *kernels).infer(inputs)
        except OpError as error:
            error.at = 1 if error.at in _OF_KERNEL else error.at
            raise
        return y

    def macs(self, *tensors: TensorType) -> Dim:
        inputs, *kernels, y = tensors
        macs: Dim = self.layer(inputs, *kernels).macs(inputs, y)
        return macs

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 0

    def layer(self, inputs: TensorType, *kernels: TensorType) -> Any:
        """The layer of the operand's rank that would own these kernels."""
        for index, kernel in enumerate(kernels, start=1):
            expect_rank(kernel, inputs.rank, at=index)
            if kernel.dtype != inputs.dtype:
                message = f"the kernel is {kernel.dtype} and what it is moved over {inputs.dtype}"
                raise OpError("dtype-mismatch", message, at=index, help="cast one of them")
        sizes = known_shape(kernels[0], 1)
        values = {name: getattr(self, name) for name in type(self).attributes()}
        values |= {"kernel_size": sizes[:-2], "use_bias": False, "dtype": inputs.dtype, **self.kernel_values(kernels)}
        layer = layer_of_rank(self.layers, inputs, values)
        layer.expect_layout(inputs)
        channels = known_size(layer.channels(inputs), "the number of channels")
        if channels != self.kernel_channels(sizes):
            message = f"the kernel is for {self.kernel_channels(sizes)} channels, found {channels}"
            raise OpError("shape-mismatch", message, at=1, label=f"this is {kernels[0]}")
        return layer

    def kernel_values(self, kernels: tuple[TensorType, ...]) -> dict[str, Any]:
        """What the kernels' shapes say of the layer."""
        raise NotImplementedError

    def kernel_channels(self, sizes: tuple[int, ...]) -> int:
        """The channels that a kernel of these sizes reads."""
        return sizes[-2]


def known_shape(kernel: TensorType, at: int) -> tuple[int, ...]:
    """The sizes of a kernel."""
    return tuple(known_size(dim, "the size of a kernel", at) for dim in kernel.shape)


class Conv(KernelFunction):
    """y = x ∗ kernel, as conv1d to 3d; x: (N, *L, c), kernel: (*K, c, filters) → (N, *L', filters)."""

    layers = (convolution.Conv1D, convolution.Conv2D, convolution.Conv3D)

    def kernel_values(self, kernels: tuple[TensorType, ...]) -> dict[str, Any]:
        return {"filters": known_shape(kernels[0], 1)[-1]}


class DepthwiseConv(KernelFunction):
    """Each channel with filters of its own, as depthwise_conv1d and 2d; x: (N, *L, c), kernel: (*K, c, m) →
    (N, *L', c m)."""

    layers = (separable.DepthwiseConv1D, separable.DepthwiseConv2D)

    def kernel_values(self, kernels: tuple[TensorType, ...]) -> dict[str, Any]:
        return {"depth_multiplier": known_shape(kernels[0], 1)[-1]}


class SeparableConv(KernelFunction):
    """A depthwise convolution, then a pointwise one, as separable_conv1d and 2d; x: (N, *L, c), depthwise_kernel:
    (*K, c, m), pointwise_kernel: (1, ..., c m, filters) → (N, *L', filters)."""

    operands = ("inputs", "depthwise_kernel", "pointwise_kernel")
    layers = (separable.SeparableConv1D, separable.SeparableConv2D)

    def kernel_values(self, kernels: tuple[TensorType, ...]) -> dict[str, Any]:
        depthwise, pointwise = known_shape(kernels[0], 1), known_shape(kernels[1], 2)
        wanted = depthwise[-2] * depthwise[-1]
        if prod(pointwise[:-2]) != 1 or pointwise[-2] != wanted:
            message = f"expected a pointwise kernel of spatial size 1 for {wanted} channels, found {kernels[1]}"
            raise OpError("shape-mismatch", message, at=2)
        return {"depth_multiplier": depthwise[-1], "filters": pointwise[-1]}


class ConvTranspose(KernelFunction):
    """The transpose of conv, as conv1d_transpose to 3d; x: (N, *L, c), kernel: (*K, filters, c) → (N, *L', filters)."""

    layers = (transposed.Conv1DTranspose, transposed.Conv2DTranspose, transposed.Conv3DTranspose)
    output_padding: int | Ints | None = attr(not_negative, default=None)
    order = ("strides", "padding", "output_padding", "data_format", "dilation_rate")

    def kernel_values(self, kernels: tuple[TensorType, ...]) -> dict[str, Any]:
        return {"filters": known_shape(kernels[0], 1)[-2]}

    def kernel_channels(self, sizes: tuple[int, ...]) -> int:
        return sizes[-1]

    def works_symbolically(self, *operands: TensorType, **tensors: object) -> bool:
        """Keras 3.15.1 exchanges padding and output_padding."""
        return False
