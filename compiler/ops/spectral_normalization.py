"""Owns spectral_normalization, which keeps the main weight of another layer at spectral norm 1."""

from __future__ import annotations

from collections.abc import Iterator

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.convolution import Convolution
from netwright.compiler.ops.convolution_separable import DepthwiseConvolution
from netwright.compiler.ops.convolution_transpose import TransposedConvolution
from netwright.compiler.ops.core import Dense
from netwright.compiler.ops.einsum_dense import EinsumDense
from netwright.compiler.ops.embeddings import Table
from netwright.compiler.ops.initializers import TruncatedNormal
from netwright.compiler.ops.op import Layer, OpError, Weight
from netwright.compiler.ops.wrapping import LayerArgument, blamed, expect_inner, nested
from netwright.compiler.types import TensorType

#: the layers that Keras finds a kernel or embeddings in
WITH_KERNEL = (Convolution, TransposedConvolution, DepthwiseConvolution, Dense, EinsumDense, Table)


class SpectralNormalization(Layer):
    """y = layer(x) with the kernel W / σ(W) in training, σ(W) = v W uᵀ from `power_iterations` of v = u Wᵀ / ‖u Wᵀ‖,
    u = v W / ‖v W‖; W: (..., d) as a matrix, u: (1, d); x: (...) → y: as the layer, in the dtype of x. Gradients go
    through the division (Miyato et al. 2018, arXiv:1802.05957)."""

    operands = ("inputs",)
    layer: LayerArgument
    power_iterations: int = attr(positive, default=1)

    def validate(self) -> None:
        layer = self.layer
        if not isinstance(layer, WITH_KERNEL):
            help = "layers with a kernel: dense, einsum_dense, embedding, convolutions that are not separable"
            raise OpError("invalid-argument", f"{layer.name_in_flow} has no single kernel", at="layer", help=help)
        if getattr(layer, "lora_rank", None):
            raise OpError("invalid-argument", "a layer with lora_rank has no kernel that can be replaced", at="layer")

    def infer(self, inputs: TensorType) -> TensorType:
        with blamed("layer", self.layer):
            x = self.layer.prepare(inputs)
            y = self.layer.infer(x)
            assert isinstance(y, TensorType)
            expect_inner(self.layer, x, y)
        return y.with_dtype(inputs.dtype)

    def weights(self, inputs: TensorType, **_: object) -> Iterator[Weight]:
        kernel, *rest = nested("", self.layer.weights(self.layer.prepare(inputs)), self.layer.trainable)
        yield kernel
        initializer = TruncatedNormal({"stddev": 0.02})
        yield Weight("vector_u", (1, kernel.shape[-1]), initializer, False, kernel.dtype)
        yield from rest

    def macs(self, inputs: TensorType, y: TensorType) -> Dim | None:
        return self.layer.macs(inputs, y)

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim | None:
        return self.layer.elementwise(inputs, y)
