"""Owns what a program is compiled for, and how, as the command line and the Python functions ask for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netwright.compiler.training.plan import Plan


@dataclass(frozen=True, slots=True)
class Target:
    """engine: 'tensorflow', 'jax', or 'auto'. device: 'cpu', 'gpu', or 'auto'. jit: 'on' for XLA, 'off' for the
    framework's own kernels, 'auto' for what is faster on the device. repeat: 'scan' makes loops of all copies that can
    be one, 'unroll' of none, 'auto' of those that run well so. remat: what training computes again in the backward
    pass, 'block' all blocks and copies of repeats, 'repeat' the latter, 'none' nothing. precision: what layers compute
    in, 'f32', 'bf16' or 'f16'. None leaves these two to the spec's `train` section, or without one to 'none' and 'f32'.
    allow_extern: modules of externs, or packages of them, that may be imported."""

    engine: str = "auto"
    device: str = "auto"
    jit: str = "auto"
    repeat: str = "auto"
    remat: str | None = None
    precision: str | None = None
    allow_extern: tuple[str, ...] = ()

    def as_planned(self, plan: Plan) -> Target:
        """With what the plan says where nothing else was asked for."""
        jit = "off" if self.jit == "auto" and not plan.jit else self.jit
        return replace(self, jit=jit, remat=self.remat or plan.remat, precision=self.precision or plan.precision)


#: whatever is there, as it runs best
ANY = Target()
