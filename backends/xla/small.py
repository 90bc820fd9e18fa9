"""Owns which models are small. On a CPU their steps are over before kernels are started one by one: XLA is faster
for them, and JAX starts its programs sooner. TensorFlow's kernels are faster for the others (docs/performance.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwright.compiler.model import Model

#: multiply-adds for an example
_MOST = 1_000_000


def is_small(model: Model) -> bool:
    """Whether the model is known to be small."""
    macs = model.for_one_example(model.cost.macs)
    return isinstance(macs, int) and macs <= _MOST
