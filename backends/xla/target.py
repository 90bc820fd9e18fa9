"""Owns what a program is compiled for, and how, as the command line and the Python functions ask for it."""

from __future__ import annotations

from dataclasses import dataclass

JIT = ("auto", "on", "off")
REPEAT = ("auto", "scan", "unroll")


@dataclass(frozen=True, slots=True)
class Target:
    """engine: 'tensorflow', 'jax', or 'auto'. device: 'cpu', 'gpu', or 'auto'. jit: 'on' for XLA, 'off' for the
    framework's own kernels, 'auto' for what is faster on the device. repeat: 'scan' makes loops of all copies that can
    be one, 'unroll' of none, 'auto' of those that run well so. allow_extern: modules of externs, or packages of them,
    that may be imported."""

    engine: str = "auto"
    device: str = "auto"
    jit: str = "auto"
    repeat: str = "auto"
    allow_extern: tuple[str, ...] = ()


#: whatever is there, as it runs best
ANY = Target()
