"""Owns the functions of keras.ops that reduce by segments, and those that ask of a number of greatest elements."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, expect_rank
from netwright.compiler.ops.tensor_creation import expect_sizes
from netwright.compiler.ops.tensor_rules import expect_dtype, expect_equal
from netwright.compiler.types import TensorType


def expect_indices(indices: TensorType, at: int | str) -> None:
    """Integers of the widths that both backends index with."""
    if indices.dtype not in {"i32", "i64"}:
        message = f"expected indices of i32 or i64, found {indices.dtype}"
        raise OpError(
            "dtype-mismatch", message, at=at, label=f"this is {indices}", help="convert them with `cast(i32)`"
        )


class SegmentReduction(Function, abstract=True):
    """y_s = f over the i with segment_ids_i = s of data_i; data: (n, ...), segment_ids: (n,) → (num_segments, ...)."""

    excluded: ClassVar[dict[str, str]] = {"sorted": "TensorFlow does not take it beside num_segments"}
    operands = ("data", "segment_ids")
    num_segments: Dim | None = None

    def infer(self, data: TensorType, segment_ids: TensorType) -> TensorType:
        expect_dtype(data, data.is_float or data.is_integer, "numbers")
        expect_min_rank(data, 1)
        expect_indices(segment_ids, 1)
        expect_rank(segment_ids, 1, at=1)
        expect_equal(data.shape[0], segment_ids.shape[0], "the numbers of rows and of ids", at=1)
        if self.num_segments is None:
            message = "how many segments there are depends on the ids, and XLA needs it"
            raise OpError("unknown-size", message, help="give num_segments")
        return data.with_shape(*expect_sizes((self.num_segments,), "num_segments"), *data.shape[1:])

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[0].size


class SegmentSum(SegmentReduction):
    """y_s = Σ data_i over the i with segment_ids_i = s; data: (n, ...), segment_ids: (n,) → (num_segments, ...)."""


class SegmentProd(SegmentReduction):
    """y_s = Π data_i over the i with segment_ids_i = s; data: (n, ...), segment_ids: (n,) → (num_segments, ...)."""

    not_trained_on = ("jax",)


class SegmentMax(SegmentReduction):
    """y_s = max data_i over the i with segment_ids_i = s; data: (n, ...), segment_ids: (n,) → (num_segments, ...)."""


class SegmentMin(SegmentReduction):
    """y_s = min data_i over the i with segment_ids_i = s; data: (n, ...), segment_ids: (n,) → (num_segments, ...)."""


class InTopK(Function):
    """y_i = whether predictions_i has at targets_i one of its k greatest elements; targets: (n,), predictions:
    (n, classes) → bool (n,). What that costs is not known."""

    operands = ("targets", "predictions")
    k: int = attr(positive)

    def infer(self, targets: TensorType, predictions: TensorType) -> TensorType:
        expect_indices(targets, 0)
        expect_rank(targets, 1)
        expect_dtype(predictions, predictions.dtype == "f32", "f32", at=1)
        expect_rank(predictions, 2, at=1)
        expect_equal(targets.shape[0], predictions.shape[0], "the numbers of targets and of predictions", at=1)
        return targets.with_dtype("bool")
