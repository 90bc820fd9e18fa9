"""Owns low-rank adaptation as an option of layers: kernel + (alpha / rank) A B, A and B learnt and the kernel not
(Hu et al. 2021, arXiv:2106.09685)."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, not_negative
from netwright.compiler.ops.op import Layer, OpError, Weight
from netwright.compiler.ops.tensor_rules import product


class LowRankAdapted(Layer, abstract=True):
    """A layer whose main weight may be adapted; lora_rank none or 0 is without."""

    lora_rank: int | None = attr(not_negative, default=None)
    lora_alpha: float | None = None

    def reject_constraint(self, attribute: str) -> None:
        """Keras does not adapt a weight that has a constraint."""
        if self.lora_rank and getattr(self, attribute) is not None:
            raise OpError("invalid-argument", f"lora_rank and {attribute} exclude each other", at="lora_rank")

    def adapted(self, weight: Weight) -> Weight:
        """The main weight, which is not trained where it is adapted."""
        return weight._replace(trainable=False) if self.lora_rank else weight

    def adapters(self, weight: Weight) -> Iterable[Weight]:
        """A and B, in f32 whatever the layer's dtype."""
        if self.lora_rank:
            yield Weight(f"lora_{weight.name}_a", (*weight.shape[:-1], self.lora_rank), "he_uniform")
            yield Weight(f"lora_{weight.name}_b", (self.lora_rank, weight.shape[-1]), "zeros")

    def adapter_macs(self, shape: tuple[Dim, ...]) -> Dim:
        """Multiply-adds of A B for a main weight of that shape."""
        return product(shape) * (self.lora_rank or 0)
