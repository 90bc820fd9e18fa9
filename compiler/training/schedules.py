"""Owns Keras's learning-rate schedules as values. Steps count updates."""

from __future__ import annotations

from netwright.compiler.ops.attributes import TYPES, Floats, attr, positive
from netwright.compiler.ops.configuration import Configuration, ConfigurationType


class Schedule(Configuration, kind="optimizers.schedules"):
    """A learning rate that depends on the step."""


class CosineDecay(Schedule):
    """From the initial rate, or after a linear warm-up, to alpha times it along half a cosine (arXiv:1608.03983)."""

    initial_learning_rate: float = attr()
    decay_steps: int = attr(positive)
    alpha: float = 0.0
    name: str | None = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0


class CosineDecayRestarts(Schedule):
    """Cosine decay with warm restarts (Loshchilov and Hutter 2016, arXiv:1608.03983)."""

    initial_learning_rate: float = attr()
    first_decay_steps: int = attr(positive)
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str | None = "SGDRDecay"


class ExponentialDecay(Schedule):
    """rate · decay_rate^(step / decay_steps)."""

    initial_learning_rate: float = attr()
    decay_steps: int = attr(positive)
    decay_rate: float = attr()
    staircase: bool = False
    name: str | None = "ExponentialDecay"


class InverseTimeDecay(Schedule):
    """rate / (1 + decay_rate · step / decay_steps)."""

    initial_learning_rate: float = attr()
    decay_steps: int = attr(positive)
    decay_rate: float = attr()
    staircase: bool = False
    name: str | None = "InverseTimeDecay"


class PiecewiseConstantDecay(Schedule):
    """values[i] up to boundaries[i]."""

    boundaries: Floats = attr()
    values: Floats = attr()
    name: str | None = "PiecewiseConstant"


class PolynomialDecay(Schedule):
    """To end_learning_rate along a power of the remaining share of steps."""

    initial_learning_rate: float = attr()
    decay_steps: int = attr(positive)
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str | None = "PolynomialDecay"


TYPES["Schedule"] = ConfigurationType("optimizers.schedules", "a schedule such as cosine_decay(1e-3, 10_000)")
