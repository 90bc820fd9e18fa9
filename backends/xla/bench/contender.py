"""Owns what can be measured: the interface that Netwright's programs and Keras's models share."""

from __future__ import annotations

from typing import Protocol

from netwright.backends.xla.engines.engine import Executable


class Contender(Protocol):
    """What is measured, with its batch on the device."""

    def begin(self) -> None:
        """From text to a model that is ready for its first step."""

    def step(self) -> None:
        """One step, until the device has done it."""

    def executable(self) -> Executable | None:
        """The compiled step; none where it is out of reach."""
