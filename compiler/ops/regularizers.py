"""Owns Keras's regularizers and weight constraints as values, with Keras's signatures, and which weights and outputs
they take. What they compute is Keras's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of
from netwright.compiler.ops.configuration import Configuration
from netwright.compiler.ops.op import Op, OpError, Weight, normal_axis
from netwright.compiler.types import TensorType


class Regularizer(Configuration, kind="regularizers"):
    """A penalty on a weight, or on a layer's output, that is added to the loss."""

    #: the one rank that it takes; none: any
    rank: ClassVar[int | None] = None

    @property
    def is_sum(self) -> bool:
        """Whether it sums elements, which TensorFlow does for small integers in larger ones."""
        return True


class L1(Regularizer):
    """l1 · Σ|w|."""

    l1: float = attr(not_negative, default=0.01)


class L2(Regularizer):
    """l2 · Σw²."""

    l2: float = attr(not_negative, default=0.01)


class L1L2(Regularizer):
    """l1 · Σ|w| + l2 · Σw²."""

    name_in_flow = "l1_l2"
    aliases = ("l1l2",)
    not_alone = ("l1_l2",)
    l1: float = attr(not_negative, default=0.0)
    l2: float = attr(not_negative, default=0.0)

    @property
    def is_sum(self) -> bool:
        return self.l1 > 0 or self.l2 > 0


class OrthogonalRegularizer(Regularizer):
    """factor · the mean absolute cosine between the rows, or columns, of a matrix."""

    rank = 2

    factor: float = attr(not_negative, default=0.01)
    mode: str = attr(one_of("rows", "columns"), default="rows")


class Constraint(Configuration, kind="constraints"):
    """What a weight is projected to after each step of the optimizer."""


class NormConstraint(Constraint, kind="constraints"):
    """A constraint of the norms along `axis`."""

    axis: int | Ints = 0


class MaxNorm(NormConstraint):
    """Norms along `axis` at most max_value (Srivastava et al. 2014)."""

    order = ("max_value", "axis")
    max_value: float = 2


class MinMaxNorm(NormConstraint):
    """Norms along `axis` moved towards [min_value, max_value] by the given rate."""

    order = ("min_value", "max_value", "rate", "axis")
    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0


class NonNeg(Constraint):
    """No weight below 0."""


class UnitNorm(NormConstraint):
    """Norms along `axis` are 1."""


def expect_trainable(op: Op, weights: Iterable[Weight], outputs: Iterable[TensorType]) -> None:
    """The weights that are trained and the outputs are of ranks that their regularizers and constraints take."""
    for weight in weights if getattr(op, "trainable", True) else ():
        regularized = TensorType(weight.dtype, weight.shape)
        _expect_regular(op, _attribute(op, weight, "regularizer"), f"{weight.name}, which is", regularized)
        _expect_constrained(op, _attribute(op, weight, "constraint"), weight)
    for output in outputs:
        _expect_regular(op, "activity_regularizer", "an output", output)
        regularizer = _object(op, "activity_regularizer")
        if isinstance(regularizer, Regularizer) and regularizer.is_sum:
            expect_summable(output, "activity_regularizer")


def expect_summable(x: TensorType, at: str | int) -> None:
    """Penalties of the elements of `x` can be added to the loss."""
    if x.dtype in ("i8", "i16", "u8", "u16"):
        message = f"Keras on TensorFlow cannot sum penalties of {x.dtype}"
        raise OpError("dtype-mismatch", message, at=at, label=f"of {x}", help="cast to f32 first")


def _attribute(op: Op, weight: Weight, role: str) -> str:
    """The attribute that says it of the weight: kernel_regularizer of 'query/kernel', recurrent_constraint of
    'recurrent_kernel', depthwise_constraint of a depthwise 'kernel'; '' if there is none."""
    name = weight.name.rpartition("/")[2]
    attributes = type(op).attributes()
    candidates = (f"{part}_{role}" for part in (name, name.removesuffix("_kernel"), "depthwise" * (name == "kernel")))
    return next((attribute for attribute in candidates if attribute in attributes), "")


def _expect_regular(op: Op, attribute: str, what: str, x: TensorType) -> None:
    regularizer = _object(op, attribute)
    if not isinstance(regularizer, Regularizer) or regularizer.rank is None:
        return
    if regularizer.rank != x.rank:
        message = f"{regularizer.name_in_flow} takes rank {regularizer.rank}, not {what} of rank {x.rank}"
        raise OpError("rank-mismatch", message, at=attribute)
    if x.dtype != "f32":  # of the unit matrix that Keras subtracts
        message = f"{regularizer.name_in_flow} takes f32, not {what} of {x.dtype}"
        raise OpError("dtype-mismatch", message, at=attribute)


def _expect_constrained(op: Op, attribute: str, weight: Weight) -> None:
    constraint = _object(op, attribute)
    if isinstance(constraint, NormConstraint):
        for axis in constraint.axis if isinstance(constraint.axis, tuple) else (constraint.axis,):
            normal_axis(axis, len(weight.shape), at=attribute)


def _object(op: Op, attribute: str) -> Any:
    return getattr(op, attribute, None) if attribute else None
