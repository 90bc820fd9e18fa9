"""Owns the layers that hash numbers and words into bins: hashing and hashed_crossing. Keras computes both with strings
of TensorFlow's, which XLA has not; a model with inputs of str runs on Keras's TensorFlow backend alone."""

from __future__ import annotations

from typing import Any, ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.dtypes import is_float
from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of, positive
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.encoding import encoded, refuse_sparse
from netwright.compiler.ops.op import Layer, LayerName, OpError, expect_min_rank, expect_rank
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_dtype, show
from netwright.compiler.types import TensorType

#: the dtypes in which TensorFlow counts
COUNTED = ("i32", "i64", "f32", "f64")


def two_integers(value: Any) -> str | None:
    """A key of a hash: one integer stands for two."""
    return "an integer, or a list of two" if isinstance(value, tuple) and len(value) != 2 else None


class Uncompiled(Layer, abstract=True):
    """A layer of TensorFlow's strings and tables, which take their operands as they are."""

    not_run_on = ("tensorflow", "jax")

    def prepare(self, operand: TensorType) -> TensorType:
        return operand

    def elementwise(self, *tensors: TensorType, **_: Any) -> Dim:
        return 0


class Hashing(Uncompiled):
    """y = hash(x) mod num_bins, the hash of x as text: FarmHash64, or SipHash64 with `salt`; where mask_value is given,
    0 for it and 1 + hash(x) mod (num_bins - 1) for others; x: (...) → y: i64 (...), or encoded as category_encoding
    does with one_hot, multi_hot and count."""

    operands = ("inputs",)
    num_bins: int = attr(positive)
    mask_value: float | str | None = None
    salt: int | Ints | None = attr(two_integers, default=None)
    output_mode: str = attr(one_of("int", "one_hot", "multi_hot", "count"), default="int")
    sparse: bool = False

    def validate(self) -> None:
        refuse_sparse(self)
        if self.output_mode == "int" and self.dtype not in (None, "i32", "i64"):
            raise OpError("invalid-argument", f"expected i32 or i64 for bins, found {self.dtype}", at="dtype")

    def infer(self, inputs: TensorType) -> TensorType:
        self._expect_mask(inputs)
        dtype = self.dtype or ("i64" if self.output_mode == "int" else "f32")
        if self.output_mode == "one_hot":
            expect_min_rank(inputs, 1)
        elif self.output_mode != "int" and inputs.rank < 3 and dtype not in COUNTED:
            raise OpError("not-supported", f"TensorFlow counts in {', '.join(COUNTED)}, not in {dtype}", at="dtype")
        return encoded(inputs, self.output_mode, self.num_bins, dtype)

    def _expect_mask(self, inputs: TensorType) -> None:
        """The mask is compared with the operand before it is hashed."""
        mask = self.mask_value
        if mask is None or self.num_bins == 1:
            return
        wanted = {str: "str", float: "floats"}.get(type(mask), "numbers")
        fits = {"str": inputs.dtype == "str", "floats": inputs.is_float}
        expect_dtype(inputs, fits.get(wanted, inputs.dtype not in ("str", "bool")), f"{wanted} as mask_value is")


class HashedCrossing(Uncompiled):
    """y = hash(x1, x2) mod num_bins, one number for each pair (or 64 bits of it, where num_bins is 0); x1, x2: (N) or
    (N, 1) → y: i64 of that shape, or (N, num_bins) with one_hot."""

    operands = ("x1", "x2")
    convention = "list"
    excluded: ClassVar[dict[str, str]] = dict.fromkeys(
        ("trainable", "autocast", "activity_regularizer"), "Keras takes it and does nothing with it"
    )
    num_bins: int = attr(not_negative)
    output_mode: str = attr(one_of("int", "one_hot"), default="int")
    sparse: bool = False
    name: LayerName | None = None
    dtype: DType | None = None
    trainable: ClassVar[bool] = True  # type: ignore[misc]
    autocast: ClassVar[bool] = True  # type: ignore[misc]
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]

    def validate(self) -> None:
        refuse_sparse(self)
        if self.num_bins == 0 and self.output_mode == "one_hot":
            raise OpError("invalid-argument", "one_hot needs a positive number of bins", at="num_bins")

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        for index, x in enumerate((x1, x2)):
            expect_rank(x, 1, 2, at=index)
            expect_dtype(x, not (is_float(x.dtype) or x.dtype == "bool"), "integers or str", at=index)
            if x.rank == 2 and x.shape[1] != 1:
                raise OpError("shape-mismatch", f"expected a tensor of shape [N] or [N, 1], found {x}", at=index)
        if x1.rank != x2.rank or agree(x1.shape[0], x2.shape[0]) is None:
            message = f"expected tensors of one shape, found {show(x1.shape)} and {show(x2.shape)}"
            raise OpError("shape-mismatch", message, at=1)
        return encoded(
            x1, self.output_mode, self.num_bins, self.dtype or ("i64" if self.output_mode == "int" else "f32")
        )
