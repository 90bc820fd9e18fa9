"""Owns Keras's regularizers and weight constraints as values, with Keras's signatures. What they compute is Keras's."""

from __future__ import annotations

from netwright.compiler.ops.attributes import Ints, attr, not_negative, one_of
from netwright.compiler.ops.configuration import Configuration


class Regularizer(Configuration, kind="regularizers"):
    """A penalty on a weight, or on a layer's output, that is added to the loss."""


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


class OrthogonalRegularizer(Regularizer):
    """factor · the mean absolute cosine between the rows, or columns, of a matrix."""

    factor: float = attr(not_negative, default=0.01)
    mode: str = attr(one_of("rows", "columns"), default="rows")


class Constraint(Configuration, kind="constraints"):
    """What a weight is projected to after each step of the optimizer."""


class MaxNorm(Constraint):
    """Norms along `axis` at most max_value (Srivastava et al. 2014)."""

    max_value: float = 2
    axis: int | Ints = 0


class MinMaxNorm(Constraint):
    """Norms along `axis` moved towards [min_value, max_value] by the given rate."""

    min_value: float = 0.0
    max_value: float = 1.0
    rate: float = 1.0
    axis: int | Ints = 0


class NonNeg(Constraint):
    """No weight below 0."""


class UnitNorm(Constraint):
    """Norms along `axis` are 1."""

    axis: int | Ints = 0
