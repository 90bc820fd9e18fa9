"""Owns `weight`: a trained array that no layer has."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.dims import Dim
from netwright.compiler.ops import op
from netwright.compiler.ops.configuration import Constraint, Initializer, Regularizer
from netwright.compiler.ops.tensor_rules import Dims
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class Weight(WrittenLayer):
    """y = an array of the model's own, trained like a kernel; y: shape. Like `arange(3)` it is a tensor where it
    stands: `x * weight([64], "ones")`."""

    operands = ()
    shape: Dims
    initializer: Initializer | None = "glorot_uniform"
    regularizer: Regularizer | None = None
    constraint: Constraint | None = None

    def infer(self) -> TensorType:
        return TensorType(self.compute_dtype, tuple(op.known_size(dim, "the size of a weight") for dim in self.shape))

    def weights(self) -> Iterable[op.Weight]:
        yield self.weight("weight", self.shape, self.initializer)

    def elementwise(self, y: TensorType) -> Dim:
        return 0
