"""Owns the losses among the functions of keras.ops, which keep the batch, and what is measured or decoded like them.
Their bare names are losses for training; the functions are known as `ops.<name>`."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attributes import attr, one_of, positive
from netwright.compiler.ops.op import Function, OpError, expect_min_rank, expect_rank, normal_axis
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_joining import same_shape
from netwright.compiler.ops.tensor_reduction import floating
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, show
from netwright.compiler.types import Shape, TensorType


def same_type(*operands: TensorType) -> Shape:
    """The operands are of one dtype; the shape that all have."""
    for index, operand in enumerate(operands):
        if operand.dtype != operands[0].dtype:
            message = f"tensors of one dtype are needed, found {operands[0].dtype} and {operand.dtype}"
            raise OpError("dtype-mismatch", message, at=index, help="cast one of them")
    return same_shape(operands)


class Crossentropy(Function, abstract=True):
    """-Σ target log output, of probabilities or logits; both of one shape and float dtype."""

    operands = ("target", "output")
    from_logits: bool = False

    def infer(self, target: TensorType, output: TensorType) -> TensorType:
        for index, operand in enumerate((target, output)):
            expect_dtype(operand, operand.is_float, "floats", at=index)
        return output.with_shape(*same_type(target, output))


class BinaryCrossentropy(Crossentropy):
    """y = -target log output - (1 - target) log(1 - output); target, output: s → y: s."""

    name_in_flow = "ops.binary_crossentropy"

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 6 * tensors[-1].size


class CategoricalCrossentropy(Crossentropy):
    """y = -Σ over `axis` of target log output; target, output: (..., classes) → y: (...)."""

    name_in_flow = "ops.categorical_crossentropy"
    axis: int = -1

    def infer(self, target: TensorType, output: TensorType) -> TensorType:
        y = super().infer(target, output)
        axis = normal_axis(self.axis, y.rank)
        return y.with_shape(*y.shape[:axis], *y.shape[axis + 1 :])

    def validate(self) -> None:
        if self.from_logits and self.axis < -1:
            message = f"TensorFlow takes -1 or an axis counted from 0, found {self.axis}"
            raise OpError("invalid-argument", message, at="axis")

    def works_symbolically(self, *operands: TensorType, **tensors: object) -> bool:
        """Keras infers as if the axis were the last."""
        return normal_axis(self.axis, operands[0].rank) == operands[0].rank - 1

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[0].size


class SparseCategoricalCrossentropy(Function):
    """y = -log output at the index target; target: (...) or (..., 1), output: (..., classes) → y: (...)."""

    name_in_flow = "ops.sparse_categorical_crossentropy"
    operands = ("target", "output")
    from_logits: bool = False
    axis: int = -1

    def infer(self, target: TensorType, output: TensorType) -> TensorType:
        expect_dtype(target, target.is_integer, "indices")
        expect_dtype(output, output.dtype in {"f32", "f64"}, "f32", at=1)
        expect_min_rank(output, 1, at=1)
        if normal_axis(self.axis, output.rank) != output.rank - 1:
            message = f"neither backend takes an axis other than the last, found {self.axis}"
            raise OpError("not-supported", message, at="axis", help="move the axis with moveaxis")
        one = target.rank == output.rank and equal(target.shape[-1], 1) is not False
        wanted = TensorType(output.dtype, output.shape[:-1])
        return output.with_shape(*same_shape((wanted, target.with_shape(*target.shape[:-1]) if one else target)))

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 4 * tensors[1].size


class Psnr(Function):
    """y = 10 log₁₀(max_val² / mean (x1 - x2)²), the peak signal-to-noise ratio; x1, x2: s → a number."""

    operands = ("x1", "x2")
    max_val: float = attr(positive)

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        for index, operand in enumerate((x1, x2)):
            expect_dtype(operand, operand.is_float or operand.is_integer, "numbers", at=index)
        same_type(x1, x2)
        return TensorType(floating(x1), ())

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 3 * tensors[0].size


# ---------------------------------------------------------------- connectionist temporal classification


class Lengths(Function, abstract=True):
    """Of sequences of which each has a length of its own. What they cost is not known."""

    def expect_lengths(self, lengths: TensorType, batch: Dim, at: int) -> None:
        """One integer for each sequence of the batch."""
        expect_dtype(lengths, lengths.dtype in {"i8", "i32", "i64", "u8"}, "lengths of i32", at=at)
        expect_rank(lengths, 1, at=at)
        if agree(lengths.shape[0], batch) is None:
            message = f"a length for each of {batch} sequences is needed, found {lengths.shape[0]}"
            raise OpError("shape-mismatch", message, at=at)


class CtcLoss(Lengths):
    """y = -log of the probability of the target under all alignments (Graves et al. 2006); target: (N, S), output:
    (N, T, classes), both lengths: (N,) → y: (N,)."""

    operands = ("target", "output", "target_length", "output_length")
    mask_index: int = 0

    def infer(
        self, target: TensorType, output: TensorType, target_length: TensorType, output_length: TensorType
    ) -> TensorType:
        expect_dtype(target, target.is_integer, "indices")
        expect_dtype(output, output.is_float, "floats", at=1)
        expect_rank(target, 2)
        expect_rank(output, 3, at=1)
        batch = agree(target.shape[0], output.shape[0])
        if batch is None:
            message = (
                f"targets and outputs of one batch are needed, found {show(target.shape)} and {show(output.shape)}"
            )
            raise OpError("shape-mismatch", message, at=1)
        self.expect_lengths(target_length, batch, 2)
        self.expect_lengths(output_length, batch, 3)
        return TensorType(common_dtype(output, "f32"), (batch,))


class CtcDecode(Lengths):
    """(the labels of the best paths, filled up with -1; minus their log probabilities); inputs: (N, T, classes),
    sequence_lengths: (N,) → i32 (paths, N, T), (N, paths). XLA does not compile it on TensorFlow."""

    not_run_on: ClassVar[tuple[str, ...]] = ("tensorflow",)
    operands = ("inputs", "sequence_lengths")
    strategy: str = attr(one_of("greedy", "beam_search"), default="greedy")
    beam_width: int = attr(positive, default=100)
    top_paths: int = attr(positive, default=1)
    merge_repeated: bool = True
    mask_index: int = 0

    def validate(self) -> None:
        if self.strategy == "beam_search" and self.top_paths > self.beam_width:
            message = f"a beam of {self.beam_width} has no {self.top_paths} best paths"
            raise OpError("invalid-argument", message, at="top_paths")

    def infer(self, inputs: TensorType, sequence_lengths: TensorType) -> tuple[TensorType, TensorType]:
        expect_dtype(inputs, inputs.is_float, "floats")
        expect_rank(inputs, 3)
        batch, steps, _ = inputs.shape
        self.expect_lengths(sequence_lengths, batch, 1)
        paths = 1 if self.strategy == "greedy" else self.top_paths
        scores = TensorType(common_dtype(inputs, "f32"), (batch, paths))
        return TensorType("i32", (paths, batch, steps)), scores
