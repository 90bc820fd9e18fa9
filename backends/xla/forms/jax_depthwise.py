"""Owns depthwise convolutions for JAX on the CPU, channels last: sums of the shifted images, each times one entry of
the kernel, which XLA makes one loop of. It has no fast kernel for as many groups as there are channels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from jax import lax, numpy as jnp
from keras import ops

from netwright.backends.xla.forms.jax_convolution import Ints, Window, gradient_windows, window_of, with_gradient


def depthwise_convolution(x: Any, kernel: Any, strides: Ints, padding: str, dilation: Ints) -> Any:
    """x: (N, *dims, C), kernel: (*sizes, C, 1) -> (N, *lengths, C), as keras.ops.depthwise_conv."""
    kernel = ops.convert_to_tensor(kernel)
    x = ops.convert_to_tensor(x, kernel.dtype)
    return _convolution(x, kernel, window_of(x, kernel, strides, padding, dilation))


def _plain(x: Any, kernel: Any, window: Window) -> Any:
    factors = kernel.reshape(-1, kernel.shape[-2])
    return sum(each * factor for each, factor in zip(_shifted(x, kernel, window), factors, strict=True))


def _shifted(x: Any, kernel: Any, window: Window) -> Iterator[Any]:
    """For each entry of the kernel what it is multiplied with."""
    strides, pads, dilation, bases = window
    around = [(low, high, base - 1) for (low, high), base in zip(pads, bases, strict=True)]
    padded = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *around, (0, 0, 0)])
    sizes = kernel.shape[:-2]
    dims = list(zip(padded.shape[1:-1], sizes, strides, dilation, strict=True))
    spans = [(length - 1 - (size - 1) * rate) // stride * stride + 1 for length, size, stride, rate in dims]
    for entry in product(*map(range, sizes)):
        starts = [index * rate for index, rate in zip(entry, dilation, strict=True)]
        ends = [start + span for start, span in zip(starts, spans, strict=True)]
        yield lax.slice(padded, (0, *starts, 0), (x.shape[0], *ends, x.shape[-1]), (1, *strides, 1))


def _backward(window: Window, kept: tuple[Any, Any], dy: Any) -> tuple[Any, Any]:
    x, kernel = kept
    sizes = range(kernel.ndim - 2)
    of_images, _ = gradient_windows(window, x.shape[1:-1], kernel.shape[:-2], dy.shape[1:-1])
    of_kernel = [jnp.sum(each * dy, range(dy.ndim - 1)) for each in _shifted(x, kernel, window)]
    return _plain(dy, jnp.flip(kernel, sizes), of_images), jnp.stack(of_kernel).reshape(kernel.shape)


_convolution = with_gradient(_plain, _backward)
