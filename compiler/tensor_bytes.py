"""Owns the bytes of tensors: sizes of symbolic dims put in, one dtype in the place of f32."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netwright.compiler.dims import Dim, substitute
from netwright.compiler.dtypes import byte_size
from netwright.compiler.ir import OpNode, Value
from netwright.compiler.types import TensorType


class UnknownSize(Exception):
    """A tensor's size is not known."""


class TensorBytes:
    """Bytes of tensors; raises UnknownSize."""

    def __init__(self, sizes: Mapping[str, int], dtype: str | None) -> None:
        self._sizes: dict[str, Dim] = dict(sizes)
        self._dtype = dtype

    def elements(self, count: Dim, dtype: str = "f32") -> int:
        """So many elements of a dtype."""
        each = byte_size(self._dtype if self._dtype and dtype == "f32" else dtype)
        known = substitute(count, self._sizes)
        if each is None or not isinstance(known, int):
            raise UnknownSize
        return known * each

    def of(self, type: TensorType) -> int:
        return self.elements(type.size, type.dtype)

    def all(self, values: Iterable[Value]) -> int:
        return sum(self.of(value.type) for value in values)


def types_around(node: OpNode) -> tuple[TensorType, ...]:
    """Those of the operands, as the operator receives them, and of the outputs."""
    return (*node.operand_types(), *(value.type for value in node.outputs))
