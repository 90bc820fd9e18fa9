"""Owns what TensorFlow's XLA has compiled: calling it, and its text. TensorFlow does not tell what memory a program was
planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from netwright.backends.xla.errors import ExecutionError


class TensorFlowFunction:
    """A function as one program for each shape of its arguments, on a device: XLA's, or a graph of TensorFlow's own
    kernels."""

    def __init__(self, function: Callable[..., Any], device: str, jit: bool) -> None:
        self._traced = tf.function(function, jit_compile=jit, autograph=False)
        self._device = device

    def __call__(self, *arguments: Any) -> Any:
        with tf.device(f"/{self._device}:0"):
            return _reporting(self._traced, _tensors(arguments))

    def executable(self, *arguments: Any) -> TensorFlowExecutable:
        return TensorFlowExecutable(self._traced, _tensors(arguments), self._device.upper())


class TensorFlowExecutable:
    """A compiled program."""

    def __init__(self, traced: Any, arguments: tuple[Any, ...], platform: str) -> None:
        self._traced = traced
        self._arguments = arguments
        self._platform = platform

    def hlo(self) -> str:
        described = self._traced.experimental_get_compiler_ir(*self._arguments)
        return str(described(stage="optimized_hlo", platform_name=self._platform))

    def held_bytes(self) -> int | None:
        return None


def _tensors(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    return tf.nest.map_structure(tf.convert_to_tensor, arguments)  # type: ignore[no-any-return]


def _reporting(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Call; what TensorFlow's compiler refuses is an ExecutionError."""
    try:
        return function(*arguments)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, tf.errors.ResourceExhaustedError) as error:
        reason = str(error.message).strip().splitlines()[0]
        help = "the jax engine may compile what TensorFlow's XLA does not: --engine jax"
        raise ExecutionError(f"TensorFlow's XLA refused the program: {reason}", help=help) from error
