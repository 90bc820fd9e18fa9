"""Owns what JAX has compiled: its text and the memory it was planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


class JaxExecutable:
    """A compiled program."""

    def __init__(self, compiled: jax.stages.Compiled) -> None:
        self._compiled = compiled

    def hlo(self) -> str:
        return str(self._compiled.as_text())

    def held_bytes(self) -> int | None:
        plan = self._compiled.memory_analysis()
        if plan is None:
            return None
        held = plan.argument_size_in_bytes + plan.output_size_in_bytes - plan.alias_size_in_bytes
        return int(held + plan.temp_size_in_bytes)


class JaxFunction:
    """A function compiled for each shape of its arguments, which are put on a device."""

    def __init__(self, function: Callable[..., Any], device: Any) -> None:
        self._jitted = jax.jit(function)
        self._device = device

    def __call__(self, *arguments: Any) -> Any:
        return self._jitted(*jax.device_put(arguments, self._device))

    def executable(self, *arguments: Any) -> JaxExecutable:
        return JaxExecutable(self._jitted.lower(*jax.device_put(arguments, self._device)).compile())
